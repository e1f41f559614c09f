package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/netpol-impact/netpol-impact/render/sandbox"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// Bounds of the bytes that files have: those of one commit, and of all commits of one run.
const (
	maxFiles    = 256 << 20
	maxUnpacked = 1 << 30
)

var errUnpacked = fmt.Errorf("the files of all commits take more than %d MiB, which is the bound", maxUnpacked>>20)

// inChild unpacks in a process of its own: a small pack may hold very much. An order is the commit's id on a line and the
// pack.
var inChild = sandbox.Define("unpack", func(_ fs.FS, order []byte) ([]byte, error) {
	id, pack, ok := bytes.Cut(order, []byte("\n"))
	if !ok {
		return nil, errors.New("no commit is named")
	}
	return tree.Unpack(pack, string(id))
})

// unpack is the tree of a commit in a pack.
func (f *Fetcher) unpack(ctx context.Context, pack []byte, id string) (*tree.Tree, error) {
	all, err := inChild.Run(ctx, f.unpacking, nil, append([]byte(id+"\n"), pack...))
	if limit := (*sandbox.LimitError)(nil); errors.As(err, &limit) {
		return nil, fmt.Errorf("unpacking its files reached the limit of %s; commit a copy of what is needed of it", limit.Limit)
	}
	if err != nil {
		return nil, fmt.Errorf("unpacking it: %w", err)
	}
	f.mu.Lock()
	f.unpacked += len(all)
	tooMuch := f.unpacked > maxUnpacked
	f.mu.Unlock()
	if tooMuch {
		return nil, errUnpacked
	}
	return tree.Unpacked(all, id)
}

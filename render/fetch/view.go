package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"sync/atomic"
)

// prefix begins the names of what is fetched. Its empty elements make them names that no [fs.FS] has a file by: a
// repository cannot bring along what is taken for fetched.
const prefix = "//fetched/"

const (
	chartPrefix = prefix + "chart?"
	filePrefix  = prefix + "file?"
)

// A View is a tree that answers for what may be fetched, too.
type View struct {
	fs.FS
	ctx     context.Context
	fetcher *Fetcher
	keep    bool
	asked   atomic.Bool
}

var (
	_ fs.ReadFileFS = (*View)(nil)
	_ fs.ReadDirFS  = (*View)(nil)
	_ fs.StatFS     = (*View)(nil)
)

// View shows a tree to one render. With keep, what is fetched is kept for later runs. It needs a fetcher that is not nil.
func (f *Fetcher) View(ctx context.Context, tree fs.FS, keep bool) *View {
	return &View{FS: tree, ctx: ctx, fetcher: f, keep: keep}
}

// Asked tells whether anything was asked for that is not in the tree.
func (v *View) Asked() bool { return v.asked.Load() }

// ReadDir implements fs.ReadDirFS.
func (v *View) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(v.FS, name) }

// Stat implements fs.StatFS.
func (v *View) Stat(name string) (fs.FileInfo, error) { return fs.Stat(v.FS, name) }

// ReadFile implements fs.ReadFileFS.
func (v *View) ReadFile(name string) ([]byte, error) {
	if !strings.HasPrefix(name, prefix) {
		return fs.ReadFile(v.FS, name)
	}
	v.asked.Store(true)
	if query, ok := strings.CutPrefix(name, filePrefix); ok {
		address, err := url.QueryUnescape(query)
		if err != nil {
			return nil, fs.ErrInvalid
		}
		return v.fetcher.file(v.ctx, address)
	}
	query, ok := strings.CutPrefix(name, chartPrefix)
	if !ok {
		return nil, fs.ErrInvalid
	}
	asked, err := url.ParseQuery(query)
	if err != nil {
		return nil, fs.ErrInvalid
	}
	c, err := v.fetcher.chart(v.ctx, ChartRef{asked.Get("repository"), asked.Get("name"), asked.Get("version")})
	if err != nil {
		return nil, err
	}
	if v.keep && v.fetcher.kept != nil {
		v.fetcher.kept.KeepBlob(digestOf(c.Archive), c.Archive)
	}
	head, err := json.Marshal(c.Version)
	return append(append(head, '\n'), c.Archive...), err
}

// ErrOff says that nothing is fetched at all.
var ErrOff = errors.New("nothing is fetched while rendering")

// AskChart asks a tree for a chart, as a renderer does. The error is [ErrOff] if the tree is no [View], and an
// [fs.ErrPermission] if the configuration does not allow where the chart is.
func AskChart(tree fs.FS, r ChartRef) (Chart, error) {
	asked := url.Values{"repository": {r.Repository}, "name": {r.Name}, "version": {r.Version}}
	text, err := fs.ReadFile(tree, chartPrefix+asked.Encode())
	if errors.Is(err, fs.ErrInvalid) || errors.Is(err, fs.ErrNotExist) {
		return Chart{}, ErrOff
	}
	if err != nil {
		return Chart{}, err
	}
	head, archive, ok := bytes.Cut(text, []byte("\n"))
	c := Chart{Archive: archive}
	if err := json.Unmarshal(head, &c.Version); !ok || err != nil {
		return Chart{}, fmt.Errorf("fetching %s: the answer has no version", r)
	}
	return c, nil
}

// AskFile asks a tree for a file by its address, with errors as those of [AskChart].
func AskFile(tree fs.FS, address string) ([]byte, error) {
	text, err := fs.ReadFile(tree, filePrefix+url.QueryEscape(address))
	if errors.Is(err, fs.ErrInvalid) || errors.Is(err, fs.ErrNotExist) {
		return nil, ErrOff
	}
	return text, err
}

// IsRefusal tells whether an error, which may have come from another process, says that the configuration does not allow
// an address, and not one that it leads to.
func IsRefusal(err error, address string) bool {
	return errors.Is(err, fs.ErrPermission) && err.Error() == (&notAllowedError{address}).Error()
}

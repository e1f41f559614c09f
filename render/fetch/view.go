package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

// prefix begins the names of what is fetched. Its empty elements make them names that no [fs.FS] has a file by: a
// repository cannot bring along what is taken for fetched.
const prefix = "//fetched/"

const (
	chartPrefix  = prefix + "chart?"
	filePrefix   = prefix + "file?"
	commitPrefix = prefix + "commit?"

	allowedPrefix = prefix + "allowed?"
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
func (f *Fetcher) View(ctx context.Context, fsys fs.FS, keep bool) *View {
	return &View{FS: fsys, ctx: ctx, fetcher: f, keep: keep}
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
	kind, query, _ := strings.Cut(name, "?")
	asked, err := url.ParseQuery(query)
	if err != nil {
		return nil, fs.ErrInvalid
	}
	if kind+"?" == allowedPrefix {
		return nil, v.fetcher.mayAsk(asked.Get("address"))
	}
	v.asked.Store(true)
	switch kind + "?" {
	case filePrefix:
		return v.fetcher.file(v.ctx, asked.Get("address"))
	case chartPrefix:
		c, err := v.fetcher.chart(v.ctx, ChartRef{asked.Get("repository"), asked.Get("name"), asked.Get("version")})
		if err != nil {
			return nil, err
		}
		if v.keep && v.fetcher.kept != nil {
			v.fetcher.kept.KeepBlob(digestOf(c.Archive), c.Archive)
		}
		return labelled(c.Version, c.Archive), nil
	case commitPrefix:
		return v.commit(CommitRef{asked.Get("repository"), asked.Get("ref")}, asked.Has("anew"))
	}
	return nil, fs.ErrInvalid
}

func (v *View) commit(r CommitRef, anew bool) ([]byte, error) {
	c, err := v.fetcher.commit(v.ctx, r, anew)
	if err != nil {
		return nil, err
	}
	if c.kept {
		return labelled(c.ID+keptMark, c.Pack), nil
	}
	if v.keep && v.fetcher.kept != nil {
		v.fetcher.kept.KeepPack(c.from, c.ID, c.Pack)
	}
	return labelled(c.ID, c.Pack), nil
}

// keptMark follows the id of a commit that was kept.
const keptMark = " kept"

// labelled is what came after a line that says what it is.
func labelled(label string, text []byte) []byte {
	head, _ := json.Marshal(label) // a string always has a form in JSON
	return append(append(head, '\n'), text...)
}

func unlabelled(text []byte) (label string, rest []byte, err error) {
	head, rest, ok := bytes.Cut(text, []byte("\n"))
	if err := json.Unmarshal(head, &label); !ok || err != nil {
		return "", nil, errors.New("the answer does not say what it is")
	}
	return label, rest, nil
}

// ErrOff says that nothing is fetched at all.
var ErrOff = errors.New("nothing is fetched while rendering")

// askTree asks a tree for what a name stands for. The error is [ErrOff] if the tree is no [View], and an [fs.ErrPermission] if
// the configuration does not allow where it is.
func askTree(fsys fs.FS, prefix string, asked url.Values) ([]byte, error) {
	text, err := fs.ReadFile(fsys, prefix+asked.Encode())
	if errors.Is(err, fs.ErrInvalid) || errors.Is(err, fs.ErrNotExist) {
		return nil, ErrOff
	}
	return text, err
}

// AskChart asks a tree for a chart, as a renderer does. The error is [ErrOff] if the tree is no [View], and an
// [fs.ErrPermission] if the configuration does not allow where the chart is.
func AskChart(fsys fs.FS, r ChartRef) (c Chart, err error) {
	text, err := askTree(fsys, chartPrefix, url.Values{"repository": {r.Repository}, "name": {r.Name}, "version": {r.Version}})
	if err == nil {
		c.Version, c.Archive, err = unlabelled(text)
	}
	return c, err
}

// AskFile asks a tree for a file by its address, with errors as those of [AskChart].
func AskFile(fsys fs.FS, address string) ([]byte, error) {
	return askTree(fsys, filePrefix, url.Values{"address": {address}})
}

// AskCommit asks a tree for the files of a commit of a git repository, with errors as those of [AskChart]. It unpacks what
// comes, which may take much memory. A pack from an earlier run that is not the commit's is not taken: the commit is
// fetched then.
func AskCommit(fsys fs.FS, r CommitRef) (*tree.Tree, error) {
	asked := url.Values{"repository": {r.Repository}, "ref": {r.Ref}}
	c, err := askCommit(fsys, asked)
	if err != nil {
		return nil, err
	}
	files, err := tree.Unpack(c.Pack, c.ID)
	if err != nil && c.kept {
		asked.Set("anew", "")
		if c, err = askCommit(fsys, asked); err == nil {
			files, err = tree.Unpack(c.Pack, c.ID)
		}
	}
	return files, err
}

func askCommit(fsys fs.FS, asked url.Values) (c Commit, err error) {
	text, err := askTree(fsys, commitPrefix, asked)
	if err == nil {
		c.ID, c.Pack, err = unlabelled(text)
		c.ID, c.kept = strings.CutSuffix(c.ID, keptMark)
	}
	return c, err
}

// IsRefusal tells whether an error, which may have come from another process, says that the configuration does not allow
// an address, and not one that it leads to.
func IsRefusal(err error, address string) bool {
	return errors.Is(err, fs.ErrPermission) && err.Error() == (&notAllowedError{address}).Error()
}

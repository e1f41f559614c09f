package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
)

// prefix begins the names of what is fetched. Its empty elements make them names that no [fs.FS] has a file by: a
// repository cannot bring along what is taken for fetched.
const prefix = "//fetched/"

const (
	chartPrefix  = prefix + "chart?"
	filePrefix   = prefix + "file?"
	commitPrefix = prefix + "commit?"
	treePrefix   = prefix + "tree/"

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

// at is the tree that a name is in, this one or a commit's, and the path there.
func (v *View) at(name string) (fs.FS, string, error) {
	rest, ok := strings.CutPrefix(name, treePrefix)
	if !ok {
		return v.FS, name, nil
	}
	query, inside, ok := strings.Cut(rest, "/")
	text, err := url.QueryUnescape(query)
	asked, err2 := url.ParseQuery(text)
	if !ok || err != nil || err2 != nil {
		return nil, "", fs.ErrInvalid
	}
	v.asked.Store(true)
	c, err := v.fetcher.commit(v.ctx, commitRef(asked))
	return c.Files, path.Clean(inside), err
}

// Open implements fs.FS.
func (v *View) Open(name string) (fs.File, error) {
	in, inside, err := v.at(name)
	if err != nil {
		return nil, err
	}
	return in.Open(inside)
}

// ReadDir implements fs.ReadDirFS.
func (v *View) ReadDir(name string) ([]fs.DirEntry, error) {
	in, inside, err := v.at(name)
	if err != nil {
		return nil, err
	}
	return fs.ReadDir(in, inside)
}

// Stat implements fs.StatFS.
func (v *View) Stat(name string) (fs.FileInfo, error) {
	in, inside, err := v.at(name)
	if err != nil {
		return nil, err
	}
	return fs.Stat(in, inside)
}

// ReadFile implements fs.ReadFileFS.
func (v *View) ReadFile(name string) ([]byte, error) {
	if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, treePrefix) {
		in, inside, err := v.at(name)
		if err != nil {
			return nil, err
		}
		return fs.ReadFile(in, inside)
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
		c, err := v.fetcher.commit(v.ctx, commitRef(asked))
		if err != nil {
			return nil, err
		}
		if v.keep && c.pack != nil {
			v.fetcher.kept.KeepPack(c.from, c.ID, c.pack)
		}
		return labelled(c.ID, nil), nil
	}
	return nil, fs.ErrInvalid
}

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

// AskCommit asks a tree for a commit of a git repository, with errors as those of [AskChart]. Its files are asked for one by
// one.
func AskCommit(fsys fs.FS, r CommitRef) (c Commit, err error) {
	asked := url.Values{"repository": {r.Repository}, "ref": {r.Ref}}
	text, err := askTree(fsys, commitPrefix, asked)
	if err == nil {
		c.ID, _, err = unlabelled(text)
	}
	c.Files = &commitTree{fsys, treePrefix + url.QueryEscape(asked.Encode()) + "/"}
	return c, err
}

func commitRef(asked url.Values) CommitRef {
	return CommitRef{asked.Get("repository"), asked.Get("ref")}
}

// A commitTree asks a [View] for the files of a commit.
type commitTree struct {
	fsys fs.FS
	root string
}

var (
	_ fs.ReadFileFS = (*commitTree)(nil)
	_ fs.ReadDirFS  = (*commitTree)(nil)
	_ fs.StatFS     = (*commitTree)(nil)
)

// Open implements fs.FS.
func (t *commitTree) Open(name string) (fs.File, error) { return t.fsys.Open(t.root + name) }

// ReadFile implements fs.ReadFileFS.
func (t *commitTree) ReadFile(name string) ([]byte, error) { return fs.ReadFile(t.fsys, t.root+name) }

// ReadDir implements fs.ReadDirFS.
func (t *commitTree) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(t.fsys, t.root+name)
}

// Stat implements fs.StatFS.
func (t *commitTree) Stat(name string) (fs.FileInfo, error) { return fs.Stat(t.fsys, t.root+name) }

// IsRefusal tells whether an error, which may have come from another process, says that the configuration does not allow
// an address, and not one that it leads to.
func IsRefusal(err error, address string) bool {
	return errors.Is(err, fs.ErrPermission) && err.Error() == (&notAllowedError{address}).Error()
}

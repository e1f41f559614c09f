package helm

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"

	chart "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/netpol-impact/netpol-impact/render/fetch"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// Unpack is a tree with a fetched chart in the folder at, as `helm pull --untar` would leave it there. An archive that
// holds another chart than was asked for is an error.
func Unpack(below fs.FS, at string, asked fetch.ChartRef, got fetch.Chart) (fs.FS, error) {
	m := missing{Dependency: chart.Dependency{Name: asked.Name, Version: asked.Version}}
	if err := m.is(got); err != nil {
		return nil, err
	}
	packed, err := archive.LoadArchiveFiles(bytes.NewReader(got.Archive))
	if err != nil {
		return nil, fmt.Errorf("reading what came: %w", err)
	}
	files := make(map[string][]byte)
	for _, f := range packed {
		files[path.Join(at, f.Name)] = f.Data
	}
	return &unpacked{FS: below, at: at, files: tree.Memory(files)}, nil
}

// unpacked is a tree in which one folder is another one's.
type unpacked struct {
	fs.FS
	at    string
	files *tree.Tree
}

var (
	_ fs.ReadFileFS = (*unpacked)(nil)
	_ fs.ReadDirFS  = (*unpacked)(nil)
	_ fs.StatFS     = (*unpacked)(nil)
)

// of is the tree that a path is in.
func (u *unpacked) of(name string) fs.FS {
	if name == u.at || strings.HasPrefix(name, u.at+"/") {
		return u.files
	}
	return u.FS
}

// Open implements fs.FS.
func (u *unpacked) Open(name string) (fs.File, error) { return u.of(name).Open(name) }

// ReadFile implements fs.ReadFileFS.
func (u *unpacked) ReadFile(name string) ([]byte, error) { return fs.ReadFile(u.of(name), name) }

// ReadDir implements fs.ReadDirFS.
func (u *unpacked) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(u.of(name), name) }

// Stat implements fs.StatFS.
func (u *unpacked) Stat(name string) (fs.FileInfo, error) { return fs.Stat(u.of(name), name) }

package tree

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"time"
)

// info describes an entry, as FileInfo and as DirEntry.
type info struct {
	tree *Tree
	at   place
	name string
	mode fs.FileMode
}

func (i info) Name() string               { return i.name }
func (i info) Type() fs.FileMode          { return i.mode.Type() }
func (i info) Info() (fs.FileInfo, error) { return i, nil }
func (i info) IsDir() bool                { return i.mode.IsDir() }
func (i info) ModTime() time.Time         { return time.Time{} }
func (i info) String() string             { return fs.FormatDirEntry(i) }

// Sys is the commit that a submodule is pinned to, as a string; nil for all else.
func (i info) Sys() any {
	if i.mode&fs.ModeIrregular != 0 && i.at.entry.id != "" {
		return i.at.entry.id
	}
	return nil
}

func (i info) Mode() fs.FileMode {
	if i.mode.IsDir() {
		return i.mode | 0o555
	}
	return i.mode | 0o444
}

// Size reads the file: git does not keep sizes beside the names, and few callers ask.
func (i info) Size() int64 {
	if i.mode != 0 {
		return 0
	}
	text, err := i.tree.read(i.at)
	if err != nil {
		return 0
	}
	return int64(len(text))
}

// Open opens a file, whose contents are then in memory, or a folder.
func (t *Tree) Open(name string) (fs.File, error) {
	at, err := t.find(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	about := info{tree: t, at: at, name: path.Base(name), mode: at.entry.mode}
	if at.entry.mode.IsDir() {
		entries, err := t.readDir(at)
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
		return newFolder(about, entries), nil
	}
	text, err := t.read(at)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return newFile(about, text), nil
}

type openFile struct {
	*bytes.Reader
	about sized
}

// sized is info that knows its size already.
type sized struct {
	fs.FileInfo
	size int64
}

func (s sized) Size() int64 { return s.size }

func newFile(about fs.FileInfo, text []byte) *openFile {
	return &openFile{Reader: bytes.NewReader(text), about: sized{about, int64(len(text))}}
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.about, nil }
func (f *openFile) Close() error               { return nil }

type openFolder struct {
	about   fs.FileInfo
	entries []fs.DirEntry
}

func newFolder(about fs.FileInfo, entries []fs.DirEntry) *openFolder {
	return &openFolder{about: about, entries: entries}
}

var _ fs.ReadDirFile = (*openFolder)(nil)

func (f *openFolder) Stat() (fs.FileInfo, error) { return f.about, nil }
func (f *openFolder) Close() error               { return nil }

func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.about.Name(), Err: fs.ErrInvalid}
}

func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 || n > len(f.entries) {
		if n > 0 && len(f.entries) == 0 {
			return nil, io.EOF
		}
		n = len(f.entries)
	}
	out := f.entries[:n:n]
	f.entries = f.entries[n:]
	return out, nil
}

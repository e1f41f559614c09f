package sandbox

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"path"
	"sync"
	"time"
)

// A remoteTree is the parent's tree as the child sees it. What was asked for once is not asked for again.
type remoteTree struct {
	mu    sync.Mutex
	out   *bufio.Writer
	in    <-chan frame
	known map[question]answerTo
}

type question struct {
	ask  byte
	path string
}

type answerTo struct {
	text []byte
	err  error
}

var (
	_ fs.ReadFileFS = (*remoteTree)(nil)
	_ fs.ReadDirFS  = (*remoteTree)(nil)
	_ fs.StatFS     = (*remoteTree)(nil)
)

// ask returns the parent's answer. A parent that is gone has ended the process before.
func (t *remoteTree) ask(ask byte, name string) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := question{ask, name}
	if known, ok := t.known[q]; ok {
		return known.text, known.err
	}
	if err := writeFrame(t.out, ask, []byte(name)); err != nil {
		return nil, err
	}
	f, ok := <-t.in
	if !ok {
		return nil, errors.New("the parent process is gone")
	}
	a := answerTo{text: f.text}
	if f.kind != frameFile {
		a = answerTo{err: decodeError(f.text)}
	}
	t.known[q] = a
	return a.text, a.err
}

// ReadFile implements fs.ReadFileFS.
func (t *remoteTree) ReadFile(name string) ([]byte, error) {
	text, err := t.ask(askFile, name)
	return bytes.Clone(text), err
}

// Stat implements fs.StatFS.
func (t *remoteTree) Stat(name string) (fs.FileInfo, error) {
	text, err := t.ask(askStat, name)
	if err != nil {
		return nil, err
	}
	return t.entry(path.Base(name), name, text), nil
}

// ReadDir implements fs.ReadDirFS.
func (t *remoteTree) ReadDir(name string) ([]fs.DirEntry, error) {
	text, err := t.ask(askNames, name)
	if err != nil {
		return nil, err
	}
	var entries []fs.DirEntry
	for len(text) >= 8 {
		length := int(binary.LittleEndian.Uint32(text[4:]))
		base := string(text[8 : 8+length])
		at := base
		if name != "." {
			at = name + "/" + base // as it was asked: a name may have empty elements
		}
		entries = append(entries, t.entry(base, at, text[:4]))
		text = text[8+length:]
	}
	return entries, nil
}

// Open implements fs.FS: it reads the whole file.
func (t *remoteTree) Open(name string) (fs.File, error) {
	about, err := t.Stat(name)
	if err != nil {
		return nil, err
	}
	if about.IsDir() {
		entries, err := t.ReadDir(name)
		return &openFolder{about: about, entries: entries}, err
	}
	text, err := t.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return &openFile{Reader: bytes.NewReader(text), about: about}, nil
}

func (t *remoteTree) entry(base, name string, mode []byte) info {
	return info{tree: t, base: base, path: name, mode: fs.FileMode(binary.LittleEndian.Uint32(mode))}
}

// info describes what is at a path.
type info struct {
	tree       *remoteTree
	base, path string
	mode       fs.FileMode
}

func (i info) Name() string               { return i.base }
func (i info) Mode() fs.FileMode          { return i.mode }
func (i info) Type() fs.FileMode          { return i.mode.Type() }
func (i info) IsDir() bool                { return i.mode.IsDir() }
func (i info) ModTime() time.Time         { return time.Time{} }
func (i info) Sys() any                   { return nil }
func (i info) Info() (fs.FileInfo, error) { return i, nil }

// Size asks for the size: few callers want it, and the parent may have to read the file for it.
func (i info) Size() int64 {
	text, err := i.tree.ask(askSize, i.path)
	if err != nil || len(text) != 8 {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(text))
}

type openFile struct {
	*bytes.Reader
	about fs.FileInfo
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.about, nil }
func (f *openFile) Close() error               { return nil }

type openFolder struct {
	about   fs.FileInfo
	entries []fs.DirEntry
}

func (f *openFolder) Stat() (fs.FileInfo, error) { return f.about, nil }
func (f *openFolder) Close() error               { return nil }

func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.about.Name(), Err: fs.ErrInvalid}
}

// reply answers a question from the tree. Reads go through the tree's own functions, as they would without a child.
func reply(tree fs.FS, ask byte, name string) ([]byte, error) {
	switch ask {
	case askFile:
		return fs.ReadFile(tree, name)
	case askNames:
		entries, err := fs.ReadDir(tree, name)
		var text []byte
		for _, e := range entries {
			text = binary.LittleEndian.AppendUint32(text, uint32(e.Type()))
			text = binary.LittleEndian.AppendUint32(text, uint32(len(e.Name())))
			text = append(text, e.Name()...)
		}
		return text, err
	}
	about, err := fs.Stat(tree, name)
	if err != nil {
		return nil, err
	}
	if ask == askSize {
		return binary.LittleEndian.AppendUint64(nil, uint64(about.Size())), nil
	}
	return binary.LittleEndian.AppendUint32(nil, uint32(about.Mode())), nil
}

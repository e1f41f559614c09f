package tree

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Memory is a tree of files in memory. A file whose path is not valid in an [fs.FS] cannot be reached. The caller must
// not change the files afterwards.
func Memory(files map[string][]byte) *Tree {
	m := &memory{files: files, folders: map[string]map[string]entry{".": {}}}
	for name := range files {
		if fs.ValidPath(name) && name != "." {
			m.add(name)
		}
	}
	return newTree(m, "")
}

// File is a tree that holds a single file, under its own name.
func File(name string) (*Tree, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return Memory(map[string][]byte{filepath.Base(name): text}), nil
}

type memory struct {
	files   map[string][]byte
	folders map[string]map[string]entry
}

func (m *memory) add(name string) {
	var mode fs.FileMode
	for name != "." {
		dir := path.Dir(name)
		if m.folders[dir] == nil {
			m.folders[dir] = make(map[string]entry)
		}
		m.folders[dir][path.Base(name)] = entry{name: path.Base(name), mode: mode}
		name, mode = dir, fs.ModeDir
	}
}

func (m *memory) list(dir string, _ entry) ([]entry, error) {
	entries := make([]entry, 0, len(m.folders[dir]))
	for _, e := range m.folders[dir] {
		entries = append(entries, e)
	}
	return entries, nil
}

func (m *memory) read(file string, _ entry) ([]byte, error) {
	return bytes.Clone(m.files[file]), nil
}

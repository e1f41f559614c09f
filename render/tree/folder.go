package tree

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Folder is the tree of a folder on disk, with everything in it.
func Folder(dir string) (*Tree, error) {
	f, err := openFolderOnDisk(dir)
	if err != nil {
		return nil, err
	}
	return newTree(f, ""), nil
}

// A diskFolder reads through an os.Root, so that a link that is put in place while it is read cannot lead out either.
type diskFolder struct{ root *os.Root }

func openFolderOnDisk(dir string) (diskFolder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return diskFolder{}, fmt.Errorf("opening the folder %s: %w", dir, plain(err))
	}
	return diskFolder{root: root}, nil
}

// plain takes the system call and the path off an error that is wrapped with a better name.
func plain(err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		return pe.Err
	}
	return err
}

func (d diskFolder) list(dir string, _ entry) ([]entry, error) {
	f, err := d.root.Open(dir)
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	found, err := f.ReadDir(-1)
	if err != nil {
		return nil, plain(err)
	}
	entries := make([]entry, len(found))
	for i, e := range found {
		entries[i] = entry{name: e.Name(), mode: special(e.Type())}
	}
	return entries, nil
}

// special keeps ModeIrregular for submodules alone.
func special(mode fs.FileMode) fs.FileMode {
	if mode&fs.ModeIrregular != 0 {
		return fs.ModeDevice
	}
	return mode
}

func (d diskFolder) read(file string, e entry) ([]byte, error) {
	if e.mode&fs.ModeSymlink != 0 {
		to, err := d.root.Readlink(file)
		return []byte(filepath.ToSlash(to)), plain(err)
	}
	f, err := d.root.Open(file)
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	var text bytes.Buffer
	if about, err := f.Stat(); err == nil && about.Size() <= maxFileSize {
		text.Grow(int(about.Size()) + bytes.MinRead) // a guess: the file may be growing
	}
	if _, err := text.ReadFrom(io.LimitReader(f, maxFileSize+1)); err != nil {
		return nil, plain(err)
	}
	if text.Len() > maxFileSize {
		return nil, fmt.Errorf("%s: %w", path.Base(file), errTooLarge)
	}
	return text.Bytes(), nil
}

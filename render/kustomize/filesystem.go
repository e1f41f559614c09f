package kustomize

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// mount is where the tree stands in the file system that kustomize sees. It is not that file system's root, so that a
// path with too many ".." leads to nothing instead of back into the tree.
const mount = "/repository"

// filesystem shows a tree to kustomize, reading each file when it is asked for. What the embedded file system can do
// beyond reading stays empty and apart from the tree.
type filesystem struct {
	filesys.FileSystem
	tree fs.FS
	// instead holds the texts of files that kustomize shall see differently, or that only it sees, by their path in the
	// tree.
	instead map[string][]byte
	// refused is the first file whose contents kustomize was not given: it hides the reason behind other words.
	refused error
	// namesAnnotations tells that a file was read which does something with annotations as a whole.
	namesAnnotations bool
}

func newFilesystem(tree fs.FS, instead map[string][]byte) *filesystem {
	return &filesystem{FileSystem: filesys.MakeFsInMemory(), tree: tree, instead: maps.Clone(instead)}
}

// inTree turns kustomize's path into the tree's.
func inTree(name string) (string, error) {
	clean := path.Clean("/" + name)
	if clean == mount {
		return ".", nil
	}
	rest, ok := strings.CutPrefix(clean, mount+"/")
	if !ok {
		return "", fmt.Errorf("%s is outside of the repository: %w", name, fs.ErrNotExist)
	}
	return rest, nil
}

func (f *filesystem) isDir(name string) (bool, error) {
	rest, err := inTree(name)
	if err != nil {
		return false, err
	}
	if _, ok := f.instead[rest]; ok {
		return false, nil
	}
	info, err := fs.Stat(f.tree, rest)
	return err == nil && info.IsDir(), err
}

// IsDir implements filesys.FileSystem.
func (f *filesystem) IsDir(name string) bool {
	dir, err := f.isDir(name)
	return err == nil && dir
}

// Exists implements filesys.FileSystem.
func (f *filesystem) Exists(name string) bool {
	_, err := f.isDir(name)
	return err == nil
}

// CleanedAbs implements filesys.FileSystem.
func (f *filesystem) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	dir, err := f.isDir(name)
	if err != nil {
		return "", "", err
	}
	clean := path.Clean("/" + name)
	if dir {
		return filesys.ConfirmedDir(clean), "", nil
	}
	return filesys.ConfirmedDir(path.Dir(clean)), path.Base(clean), nil
}

// ReadFile implements filesys.FileSystem.
func (f *filesystem) ReadFile(name string) ([]byte, error) {
	rest, err := inTree(name)
	if err != nil {
		return nil, err
	}
	text, ok := f.instead[rest]
	if !ok {
		if text, err = fs.ReadFile(f.tree, rest); err != nil {
			return nil, err
		}
	}
	if err := boundAliases(text); err != nil {
		err = fmt.Errorf("reading %s: %w", rest, err)
		if f.refused == nil {
			f.refused = err
		}
		return nil, err
	}
	f.namesAnnotations = f.namesAnnotations || namesAnnotations(text)
	return text, nil
}

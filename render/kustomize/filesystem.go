package kustomize

import (
	"fmt"
	"io/fs"
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
	// instead holds the texts of files that kustomize shall see differently, by their path in the tree.
	instead map[string][]byte
	// refused is the first file whose contents kustomize was not given: it hides the reason behind other words.
	refused error
	// namesAnnotations tells that a file was read which does something with annotations as a whole.
	namesAnnotations bool
}

func newFilesystem(tree fs.FS) *filesystem {
	return &filesystem{FileSystem: filesys.MakeFsInMemory(), tree: tree, instead: make(map[string][]byte)}
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

func (f *filesystem) stat(name string) (fs.FileInfo, error) {
	rest, err := inTree(name)
	if err != nil {
		return nil, err
	}
	return fs.Stat(f.tree, rest)
}

// IsDir implements filesys.FileSystem.
func (f *filesystem) IsDir(name string) bool {
	info, err := f.stat(name)
	return err == nil && info.IsDir()
}

// Exists implements filesys.FileSystem.
func (f *filesystem) Exists(name string) bool {
	_, err := f.stat(name)
	return err == nil
}

// CleanedAbs implements filesys.FileSystem.
func (f *filesystem) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	info, err := f.stat(name)
	if err != nil {
		return "", "", err
	}
	clean := path.Clean("/" + name)
	if info.IsDir() {
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

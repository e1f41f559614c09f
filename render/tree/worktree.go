package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
)

// WorkingTree is the folder that the repository is checked out to as git add --all would take it: with changed and
// untracked files, without .git, ignored files and other repositories inside it, and with the files that a sparse
// checkout left out.
func (r *Repository) WorkingTree() (*Tree, error) {
	disk, err := openFolderOnDisk(r.root)
	if err != nil {
		return nil, err
	}
	tracked, err := r.readIndex()
	if err != nil {
		return nil, fmt.Errorf("reading the index of %s: %w", r.root, err)
	}
	w := &workingTree{disk: disk, objects: objectTree{r.objects}, tracked: tracked,
		ignored: newIgnored(disk, filepath.Join(r.common, "info", "exclude"))}
	return newTree(w, ""), nil
}

type workingTree struct {
	disk    diskFolder
	objects objectTree
	tracked index
	ignored *ignored
}

func (w *workingTree) list(dir string, _ entry) ([]entry, error) {
	found, err := w.disk.list(dir, entry{})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	entries := make([]entry, 0, len(found))
	present := make(map[string]bool, len(found))
	for _, e := range found {
		if e.name == ".git" {
			if dir != "." && !w.tracked.folders[dir] {
				return nil, nil // another repository, no part of this one
			}
			continue
		}
		name := path.Join(dir, e.name)
		known, isTracked := w.tracked.files[name]
		switch {
		case isTracked && known.mode == fs.ModeIrregular:
			e = known
		case isTracked || w.tracked.folders[name]:
		case w.ignored.match(name, e.mode.IsDir()):
			continue
		}
		present[e.name] = true
		entries = append(entries, e)
	}
	for _, e := range w.tracked.sparse[dir] {
		if !present[e.name] {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func (w *workingTree) read(file string, e entry) ([]byte, error) {
	if e.id != "" {
		return w.objects.read(file, e)
	}
	return w.disk.read(file, e)
}

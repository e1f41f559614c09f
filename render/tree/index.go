package tree

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// An index is what git tracks in the working tree.
type index struct {
	files   map[string]entry
	folders map[string]bool
	// sparse holds, for each folder, the files and folders that a sparse checkout left out of the disk.
	sparse map[string][]entry
}

func newIndex() index {
	return index{files: make(map[string]entry), folders: make(map[string]bool), sparse: make(map[string][]entry)}
}

// add puts a tracked file in. Only submodules and files that are not on disk keep the name of their object: the others
// are what the disk says.
func (x *index) add(name string, mode fs.FileMode, id string, leftOut bool) {
	if !fs.ValidPath(name) {
		return
	}
	e := entry{name: path.Base(name), mode: mode}
	if leftOut || mode == fs.ModeIrregular {
		e.id = id
	}
	if leftOut {
		x.leaveOut(path.Dir(name), e)
	}
	x.files[name] = e
	for dir := path.Dir(name); dir != "." && !x.folders[dir]; dir = path.Dir(dir) {
		x.folders[dir] = true
	}
}

// leaveOut notes a file and the folders above it, each once.
func (x *index) leaveOut(dir string, e entry) {
	for {
		siblings := x.sparse[dir]
		if e.mode.IsDir() {
			for _, s := range siblings {
				if s.name == e.name {
					return
				}
			}
		}
		x.sparse[dir] = append(siblings, e)
		if dir == "." {
			return
		}
		e = entry{name: path.Base(dir), mode: fs.ModeDir}
		dir = path.Dir(dir)
	}
}

// readIndex reads the index with go-git, or with the git program where go-git does not know its form (SHA-256, split
// and sparse indexes).
func (r *Repository) readIndex() (index, error) {
	x := newIndex()
	if !r.foreign {
		read, err := r.storage.Index()
		if err == nil {
			for _, e := range read.Entries {
				x.add(e.Name, typeOf(e.Mode), e.Hash.String(), e.SkipWorktree)
			}
			return x, nil
		}
		if r.program == nil {
			return x, fmt.Errorf("%w; its form may need the git program, and there is none", err)
		}
	}
	out, err := r.program.run("ls-files", "-z", "-t", "--stage")
	if err != nil {
		return x, err
	}
	for record := range bytes.SplitSeq(out, []byte{0}) {
		about, name, ok := strings.Cut(string(record), "\t")
		fields := strings.Fields(about)
		if !ok || len(fields) != 4 {
			continue
		}
		bits, err := strconv.ParseUint(fields[1], 8, 32)
		if err != nil {
			return x, fmt.Errorf("reading the mode of %s: %w", name, err)
		}
		x.add(name, typeOf(filemode.FileMode(bits)), fields[2], fields[0] == "S")
	}
	return x, nil
}

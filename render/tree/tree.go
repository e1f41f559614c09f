package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"
)

// Tree is a read-only tree of files. It is safe for concurrent use. What it has listed once it does not list again, so
// that one run sees one state of a folder.
type Tree struct {
	source source
	root   entry

	mu      sync.RWMutex
	folders map[string][]entry
}

var (
	_ fs.ReadFileFS = (*Tree)(nil)
	_ fs.ReadDirFS  = (*Tree)(nil)
	_ fs.StatFS     = (*Tree)(nil)
)

// A source is where a tree's files are. The paths that it gets have no links in them.
type source interface {
	// list returns the entries of a folder, in any order.
	list(dir string, e entry) ([]entry, error)
	// read returns a file's bytes, or where a link leads.
	read(file string, e entry) ([]byte, error)
}

// An entry is one name in a folder.
type entry struct {
	name string
	// mode holds type bits only: none for a file, ModeDir, ModeSymlink, ModeIrregular for a submodule, or others for
	// what cannot be read (pipes, devices).
	mode fs.FileMode
	// id is the git object that holds the contents; "" where git does not hold them.
	id string
}

// The bounds keep a hostile tree from taking all memory, or all time.
const (
	maxLinks    = 40
	maxFileSize = 256 << 20
)

var (
	errSubmodule = errors.New("it is a git submodule: its files are in another repository and are not read; vendor them")
	errLFS       = errors.New("it is a Git LFS pointer: the file itself is not in the repository and is not read; keep manifests out of Git LFS")
	errSpecial   = errors.New("it is neither a file nor a folder")
	errTooLarge  = fmt.Errorf("it is larger than %d MiB", maxFileSize>>20)
)

func newTree(s source, rootID string) *Tree {
	return &Tree{source: s, root: entry{name: ".", mode: fs.ModeDir, id: rootID}, folders: make(map[string][]entry)}
}

// folder returns the sorted entries of a folder whose path has no links in it.
func (t *Tree) folder(dir string, e entry) ([]entry, error) {
	t.mu.RLock()
	entries, ok := t.folders[dir]
	t.mu.RUnlock()
	if ok {
		return entries, nil
	}
	entries, err := t.source.list(dir, e)
	if err != nil {
		return nil, err
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].name < entries[j].name })
	t.mu.Lock()
	defer t.mu.Unlock()
	if known, ok := t.folders[dir]; ok {
		return known, nil
	}
	t.folders[dir] = entries
	return entries, nil
}

// A place is an entry with the path that leads to it without links.
type place struct {
	path  string
	entry entry
}

// find follows name, and the links on its way, to a place.
func (t *Tree) find(name string) (place, error) {
	return t.walk(name, func(place, string) {})
}

// Real is a name without the links on its way.
func (t *Tree) Real(name string) (string, error) {
	at, err := t.find(name)
	return at.path, err
}

// A linkError says that a link leads nowhere in the tree.
type linkError string

func (e linkError) Error() string { return string(e) }

// walk goes name by name, as an operating system does, because "link/.." is the parent of where the link leads. It tells
// each link that it follows, and where that leads.
func (t *Tree) walk(name string, tell func(link place, to string)) (place, error) {
	if !fs.ValidPath(name) {
		return place{}, fs.ErrInvalid
	}
	walked := []place{{path: ".", entry: t.root}}
	rest := strings.Split(name, "/")
	for links := 0; len(rest) > 0; {
		next := rest[0]
		rest = rest[1:]
		here := walked[len(walked)-1]
		switch next {
		case "", ".":
			continue
		case "..":
			walked = walked[:len(walked)-1]
			continue
		}
		e, err := t.child(here, next)
		if err != nil {
			return place{}, err
		}
		at := place{path: path.Join(here.path, next), entry: e}
		if e.mode&fs.ModeSymlink == 0 {
			walked = append(walked, at)
			continue
		}
		if links++; links > maxLinks {
			return place{}, linkError(fmt.Sprintf("the link %s leads in a circle", at.path))
		}
		to, err := t.source.read(at.path, at.entry)
		if err != nil {
			return place{}, fmt.Errorf("reading the link %s: %w", at.path, err)
		}
		tell(at, string(to))
		steps, err := follow(at, string(to), len(walked)-1)
		if err != nil {
			return place{}, err
		}
		rest = append(steps, rest...)
	}
	return walked[len(walked)-1], nil
}

// child returns the entry of a name in a folder.
func (t *Tree) child(folder place, name string) (entry, error) {
	switch {
	case folder.entry.mode&fs.ModeIrregular != 0:
		return entry{}, fmt.Errorf("%s: %w", folder.path, errSubmodule)
	case !folder.entry.mode.IsDir():
		return entry{}, fs.ErrNotExist
	}
	entries, err := t.folder(folder.path, folder.entry)
	if err != nil {
		return entry{}, err
	}
	i := sort.Search(len(entries), func(i int) bool { return entries[i].name >= name })
	if i == len(entries) || entries[i].name != name {
		return entry{}, fs.ErrNotExist
	}
	return entries[i], nil
}

// follow returns the steps of a link that lies depth folders below the root.
func follow(link place, to string, depth int) ([]string, error) {
	outside := linkError(fmt.Sprintf("the link %s leads out of the tree, to %s", link.path, to))
	if strings.HasPrefix(to, "/") {
		return nil, outside
	}
	steps := strings.Split(to, "/")
	for _, step := range steps {
		switch step {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return nil, outside
			}
		default:
			depth++
		}
	}
	return steps, nil
}

// ReadFile returns a file's contents. The caller owns them.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	at, err := t.find(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	text, err := t.read(at)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return text, nil
}

func (t *Tree) read(at place) ([]byte, error) {
	switch {
	case at.entry.mode.IsDir():
		return nil, errors.New("it is a folder")
	case at.entry.mode&fs.ModeIrregular != 0:
		return nil, errSubmodule
	case at.entry.mode != 0:
		return nil, errSpecial
	}
	text, err := t.source.read(at.path, at.entry)
	if err == nil && isLFS(text) {
		err = errLFS
	}
	return text, err
}

// isLFS tells whether a file stands for another one that Git LFS keeps. Pointers are below 1024 bytes:
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
func isLFS(text []byte) bool {
	return len(text) < 1024 && strings.HasPrefix(string(text), "version https://git-lfs.github.com/spec/")
}

// ReadDir returns the entries of a folder, sorted by name. A link to a file is shown as the file; a link to a folder
// stays a link, so that nobody who walks the tree walks in a circle.
func (t *Tree) ReadDir(name string) ([]fs.DirEntry, error) {
	at, err := t.find(name)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	entries, err := t.readDir(at)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return entries, nil
}

func (t *Tree) readDir(at place) ([]fs.DirEntry, error) {
	if at.entry.mode&fs.ModeIrregular != 0 {
		return nil, errSubmodule
	}
	if !at.entry.mode.IsDir() {
		return nil, errors.New("it is not a folder")
	}
	entries, err := t.folder(at.path, at.entry)
	if err != nil {
		return nil, err
	}
	shown := make([]fs.DirEntry, len(entries))
	for i, e := range entries {
		where := place{path: path.Join(at.path, e.name), entry: e}
		mode := e.mode
		if mode&fs.ModeSymlink != 0 {
			if to, err := t.find(where.path); err == nil && to.entry.mode == 0 {
				where, mode = to, 0
			}
		}
		shown[i] = info{tree: t, at: where, name: e.name, mode: mode}
	}
	return shown, nil
}

// Stat tells what is at a path, links resolved.
func (t *Tree) Stat(name string) (fs.FileInfo, error) {
	at, err := t.find(name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return info{tree: t, at: at, name: path.Base(name), mode: at.entry.mode}, nil
}

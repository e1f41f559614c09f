package tree

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Commit is the tree of a commit, named in full as [Repository.Resolve] returns it. It is read when it is asked for.
func (r *Repository) Commit(hash string) (*Tree, error) {
	c, err := r.commit(hash)
	if err != nil {
		return nil, err
	}
	if r.fetches != nil {
		r.fetches.use(hash)
	}
	return newTree(objectTree{r.objects}, c.tree), nil
}

// Parents returns the full names of a commit's parents as it records them, whether they are here or not.
func (r *Repository) Parents(hash string) ([]string, error) {
	c, err := r.commit(hash)
	return c.parents, err
}

// A commit is what is needed of one.
type commit struct {
	tree    string
	parents []string
	when    int64 // seconds since 1970, of the committer
}

func (r *Repository) commit(id string) (commit, error) {
	kind, text, err := r.historic(id)
	switch {
	case errors.Is(err, errMissing):
		return commit{}, &MissingError{Commit: id, Depth: r.depth(), cause: err}
	case err != nil:
		return commit{}, fmt.Errorf("reading the commit %s: %w", id, err)
	case kind != plumbing.CommitObject:
		return commit{}, fmt.Errorf("%s is a %s, not a commit", id, kind)
	}
	return parseCommit(text), nil
}

// historic reads a commit or a tag.
func (r *Repository) historic(id string) (plumbing.ObjectType, []byte, error) {
	if r.fetches != nil {
		return r.fetches.commit(id)
	}
	return r.objects.object(id)
}

// parseCommit reads the lines before the first empty one.
func parseCommit(text []byte) commit {
	var c commit
	for line := range bytes.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimRight(string(line), "\n"), " ")
		if !ok && key == "" {
			break
		}
		switch key {
		case "tree":
			c.tree = value
		case "parent":
			c.parents = append(c.parents, value)
		case "committer":
			if fields := strings.Fields(value[strings.LastIndexByte(value, '>')+1:]); len(fields) > 0 {
				c.when, _ = strconv.ParseInt(fields[0], 10, 64) // a commit without a date counts as old
			}
		}
	}
	return c
}

// objectTree reads folders and files by their names in git.
type objectTree struct{ objects objects }

func (o objectTree) list(dir string, e entry) ([]entry, error) {
	kind, text, err := o.objects.object(e.id)
	if err != nil {
		return nil, fmt.Errorf("reading the folder %s (%s): %w", dir, e.id, err)
	}
	if kind != plumbing.TreeObject {
		return nil, fmt.Errorf("reading the folder %s: %s is a %s", dir, e.id, kind)
	}
	entries, err := parseTree(text, len(e.id)/2)
	if err != nil {
		return nil, fmt.Errorf("reading the folder %s: %w", dir, err)
	}
	return entries, nil
}

func (o objectTree) read(file string, e entry) ([]byte, error) {
	kind, text, err := o.objects.object(e.id)
	if err != nil {
		return nil, fmt.Errorf("reading the object %s: %w", e.id, err)
	}
	if kind != plumbing.BlobObject {
		return nil, fmt.Errorf("the object %s of %s is a %s", e.id, file, kind)
	}
	return text, nil
}

var errTree = errors.New("the tree object is damaged")

// parseTree reads a tree object: mode, space, name, zero byte, name of the object in hashSize bytes, again and again. A
// name that no file can have is left out, as a file system would.
func parseTree(text []byte, hashSize int) ([]entry, error) {
	var entries []entry
	for len(text) > 0 {
		head, rest, ok := bytes.Cut(text, []byte{0})
		mode, name, ok2 := strings.Cut(string(head), " ")
		if !ok || !ok2 || len(rest) < hashSize {
			return nil, errTree
		}
		m, err := filemode.New(mode)
		if err != nil {
			return nil, errTree
		}
		if name != "" && name != "." && name != ".." && !strings.Contains(name, "/") {
			entries = append(entries, entry{name: name, mode: typeOf(m), id: hex.EncodeToString(rest[:hashSize])})
		}
		text = rest[hashSize:]
	}
	return entries, nil
}

func typeOf(m filemode.FileMode) fs.FileMode {
	switch m {
	case filemode.Dir:
		return fs.ModeDir
	case filemode.Symlink:
		return fs.ModeSymlink
	case filemode.Submodule:
		return fs.ModeIrregular
	}
	return 0
}

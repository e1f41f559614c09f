package tree

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	store "github.com/go-git/go-git/v5/storage/memory"
)

// Unpack reads a pack and returns a commit with its folders and files, each object once: a byte that says what it is, its
// length, its text. It may take much more memory than the pack: whoever does not trust the pack unpacks in a process of its
// own, and reads the answer with [Unpacked].
func Unpack(pack []byte, commit string) ([]byte, error) {
	h := &httpRemote{memory: store.NewStorage()}
	if err := packfile.UpdateObjectStorage(h.memory, bytes.NewReader(pack)); err != nil {
		return nil, fmt.Errorf("reading the pack: %w", err)
	}
	var out []byte
	_, err := eachOf(h, commit, func(kind plumbing.ObjectType, text []byte) {
		out = append(binary.AppendUvarint(append(out, byte(kind)), uint64(len(text))), text...)
	})
	return out, err
}

// Unpacked is the tree of a commit of what [Unpack] returned, which need not be trusted: each object has the name that git
// computes from it, and all that the commit needs must be there. The texts are kept.
func Unpacked(all []byte, commit string) (*Tree, error) {
	objects := make(unpacked)
	for len(all) > 0 {
		kind := plumbing.ObjectType(all[0])
		length, n := binary.Uvarint(all[1:])
		if n <= 0 || length > uint64(len(all)-1-n) {
			return nil, errors.New("what was unpacked is cut off")
		}
		text := all[1+n : 1+n+int(length)]
		objects[plumbing.ComputeHash(kind, text).String()] = object{kind, text}
		all = all[1+n+int(length):]
	}
	root, err := eachOf(objects, commit, func(plumbing.ObjectType, []byte) {})
	if err != nil {
		return nil, err
	}
	return newTree(objectTree{objects}, root), nil
}

// unpacked are objects by their names.
type unpacked map[string]object

type object struct {
	kind plumbing.ObjectType
	text []byte
}

func (u unpacked) object(id string) (plumbing.ObjectType, []byte, error) {
	o, ok := u[id]
	if !ok {
		return 0, nil, errMissing
	}
	return o.kind, bytes.Clone(o.text), nil
}

func (u unpacked) Close() error { return nil }

// eachOf calls visit for a commit and each folder and file of it, once for each, and returns its root folder. It fails where
// one is missing, or something else than it must be.
func eachOf(from objects, commit string, visit func(kind plumbing.ObjectType, text []byte)) (root string, err error) {
	kind, text, err := from.object(commit)
	if err != nil {
		return "", fmt.Errorf("the pack lacks the commit %s", commit)
	}
	if kind != plumbing.CommitObject {
		return "", fmt.Errorf("%s is a %s, not a commit", commit, kind)
	}
	visit(kind, text)
	root = parseCommit(text).tree
	// A hostile folder may hold the same one many times, which holds others many times.
	seen := map[string]bool{root: true}
	for todo := []entry{{id: root, mode: fs.ModeDir}}; len(todo) > 0; {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		kind, text, err := from.object(e.id)
		if err != nil {
			return "", fmt.Errorf("the pack lacks some of the commit: %s %s: %w", e.name, e.id, err)
		}
		want := plumbing.BlobObject
		if e.mode.IsDir() {
			want = plumbing.TreeObject
		}
		if kind != want {
			return "", fmt.Errorf("%s is a %s, not a %s", e.id, kind, want)
		}
		visit(kind, text)
		if !e.mode.IsDir() {
			continue
		}
		entries, err := parseTree(text, len(e.id)/2)
		if err != nil {
			return "", err
		}
		for _, inside := range entries {
			if inside.mode&fs.ModeIrregular == 0 && !seen[inside.id] { // a submodule is another repository's
				seen[inside.id] = true
				todo = append(todo, inside)
			}
		}
	}
	return root, nil
}

package tree

import (
	"io/fs"
	"path"
	"strings"
)

// Same tells whether two trees hold the same at a path: nothing, the same file, or a folder with the same in it. It is
// false where a link is on the way or below, because what a link leads to is not at the path. Folders and files that git
// holds are compared by their names in git, without being read.
func Same(a, b *Tree, name string) bool {
	atA, okA := a.unlinked(name)
	atB, okB := b.unlinked(name)
	if !okA || !okB {
		return false
	}
	if atA == nil || atB == nil {
		return atA == atB
	}
	return same(a, b, *atA, *atB)
}

// unlinked finds a path without following links: nil if there is nothing, and false if a link is on the way or what is
// there cannot be told.
func (t *Tree) unlinked(name string) (*place, bool) {
	if !fs.ValidPath(name) {
		return nil, false
	}
	at := place{path: ".", entry: t.root}
	if name == "." {
		return &at, true
	}
	for _, step := range strings.Split(name, "/") {
		if !at.entry.mode.IsDir() {
			return nil, at.entry.mode == 0 // below a file there is nothing
		}
		e, err := t.child(at, step)
		if err != nil {
			return nil, failure(name, err).What == IsNothing
		}
		at = place{path: path.Join(at.path, step), entry: e}
		if e.mode&fs.ModeSymlink != 0 {
			return nil, false
		}
	}
	return &at, true
}

func same(a, b *Tree, atA, atB place) bool {
	if atA.entry.mode != atB.entry.mode {
		return false
	}
	switch {
	case atA.entry.mode.IsDir():
		return sameFolder(a, b, atA, atB)
	case atA.entry.mode == 0:
		one, err := a.digest(atA)
		if err != nil {
			return false
		}
		other, err := b.digest(atB)
		return err == nil && one == other
	case atA.entry.mode&fs.ModeIrregular != 0:
		return atA.entry.id != "" && atA.entry.id == atB.entry.id
	}
	return false
}

// sameFolder goes down even where git's names are the same, as there may be links below.
func sameFolder(a, b *Tree, atA, atB place) bool {
	if atA.entry.id != "" && atB.entry.id != "" && atA.entry.id != atB.entry.id {
		return false
	}
	inA, errA := a.folder(atA.path, atA.entry)
	inB, errB := b.folder(atB.path, atB.entry)
	if errA != nil || errB != nil || len(inA) != len(inB) {
		return false
	}
	for i := range inA {
		if inA[i].name != inB[i].name || !same(a, b, place{path.Join(atA.path, inA[i].name), inA[i]}, place{path.Join(atB.path, inB[i].name), inB[i]}) {
			return false
		}
	}
	return true
}

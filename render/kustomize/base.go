package kustomize

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/fetch"
)

// maxBaseDepth bounds how many repositories deep one may name another.
const maxBaseDepth = 8

// A base is a folder of another git repository, which a build sees in a folder that only it has.
type base struct {
	remoteBase
	// at is that folder: the repository's root.
	at string
	// named is where the repository that is compared names it, or a base that names it.
	named manifest.Origin
	depth int
}

// fetchBases fetches the folders of git repositories among some references, and writes in their places where kustomize sees
// them.
func (w *walk) fetchBases(k *kustomization, field string, refs []string) error {
	for i, ref := range refs {
		if !isRemote(ref) || isRemoteFile(ref) {
			continue
		}
		b, err := w.fetchBase(k, field, ref)
		if err != nil {
			return err
		}
		if b == nil {
			continue
		}
		refs[i] = strings.Repeat("../", depthOf(k.dir)) + path.Join(b.at, b.folder)
		if k.bases == nil {
			k.bases = make(map[string]foundBase)
		}
		k.bases[refs[i]] = foundBase{ref, b}
	}
	return nil
}

// A foundBase is a base with the reference that it was found by.
type foundBase struct {
	ref  string
	base *base
}

func depthOf(dir string) int {
	if dir == "." {
		return 0
	}
	return strings.Count(dir, "/") + 1
}

// fetchBase fetches what a reference names. Not to be allowed to is no error: the base is nil.
func (w *walk) fetchBase(k *kustomization, field, ref string) (*base, error) {
	remote, err := parseBase(ref)
	if err != nil {
		return nil, nil // the refusal says so
	}
	found := &base{remoteBase: remote, named: w.at(k, ref), depth: 1}
	if in := w.baseOf(k.file); in != nil {
		found.depth = in.depth + 1
	}
	found.at = fmt.Sprintf(fetch.FolderPrefix+"%x", sha256.Sum256([]byte(remote.String())))
	if known, ok := w.bases[found.at]; ok {
		return known, nil
	}
	if found.depth > maxBaseDepth {
		return nil, k.refuse(field, ref, "is named by a base of a base, more than %d deep", maxBaseDepth)
	}
	if _, err := fs.Stat(w.grafted.FS, found.at); err == nil {
		return nil, k.refuse(field, ref, "cannot be built: the repository has something named %s; rename that", found.at)
	}
	asked := fetch.CommitRef{Repository: remote.repository, Ref: remote.ref}
	files, ok := w.repositories[asked]
	if !ok {
		got, err := fetch.AskCommit(w.grafted.FS, asked)
		if errors.Is(err, fetch.ErrOff) || fetch.IsRefusal(err, remote.repository) {
			return nil, nil
		}
		if err != nil {
			return nil, k.refuse(field, ref, "could not be fetched: %v", err)
		}
		files = got.Files
		w.repositories[asked] = files
	}
	w.grafted.Put(found.at, files)
	w.bases[found.at] = found
	return found, nil
}

// baseOf is the base that a path of a build is in; nil if that is the repository that is compared.
func (w *walk) baseOf(name string) *base {
	first, _, _ := strings.Cut(name, "/")
	return w.bases[first]
}

// visitBase follows a base that was fetched.
func (w *walk) visitBase(k *kustomization, field string, f foundBase, as use) error {
	b := f.base
	if w.within[b.at] {
		return k.refuse(field, f.ref, "leads back to itself")
	}
	dir := path.Join(b.at, b.folder)
	info, err := fs.Stat(w.tree, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return k.refuse(field, f.ref, "does not exist; there is no folder %s in that commit", b.folder)
	case err != nil:
		return k.refuse(field, f.ref, "cannot be read: %v", err)
	case info.Mode()&fs.ModeIrregular != 0:
		return k.refuse(field, f.ref, "is a git submodule: its files are in another repository; name that")
	case !info.IsDir():
		return k.refuse(field, f.ref, "is a file; a folder with a kustomization is needed")
	}
	w.within[b.at] = true
	defer delete(w.within, b.at)
	return w.base(k, field, f.ref, dir, as)
}

// at is where people find a word of a kustomization: of one elsewhere, where its repository is named.
func (w *walk) at(k *kustomization, words ...string) manifest.Origin {
	if b := w.baseOf(k.file); b != nil {
		return b.named
	}
	return manifest.Origin{File: k.file, Line: k.line(words...)}
}

// A namedError is an error that names files of bases as people know them.
type namedError struct {
	error
	text string
}

func (e *namedError) Error() string { return e.text }
func (e *namedError) Unwrap() error { return e.error }

// named has an error name what is elsewhere by its address.
func (w *walk) named(err error) error {
	if err == nil || len(w.bases) == 0 {
		return err
	}
	text := err.Error()
	for at, b := range w.bases {
		root := b.remoteBase
		root.folder = "."
		text = strings.ReplaceAll(text, at+"/", root.String()+" ")
		text = strings.ReplaceAll(text, at, root.String())
	}
	return &namedError{err, text}
}

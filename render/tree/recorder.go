package tree

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// Read is one thing that was learnt from a tree.
type Read struct {
	Path string  `json:"path"`
	What Learned `json:"what"`
	// Digest is a file's contents (the name that git gives them) or a folder's names and their types; else empty.
	Digest string `json:"digest,omitempty"`
}

// Learned is what a read tells.
type Learned string

// What a read tells: the contents of a file, the names in a folder, that there is a file, a folder or nothing, or that
// reading failed.
const (
	Contents  Learned = "contents"
	Names     Learned = "names"
	IsFile    Learned = "file"
	IsFolder  Learned = "folder"
	IsNothing Learned = "nothing"
	Failed    Learned = "failed"
)

// Recorder is a view of a tree that remembers what is read through it. What was only looked up counts, too: a file that
// appears where one was looked for in vain changes what a renderer does. It is safe for concurrent use.
//
// Sizes in a FileInfo are not recorded.
type Recorder struct {
	tree  *Tree
	mu    sync.Mutex
	reads map[Read]struct{}
}

var (
	_ fs.ReadFileFS = (*Recorder)(nil)
	_ fs.ReadDirFS  = (*Recorder)(nil)
	_ fs.StatFS     = (*Recorder)(nil)
)

// Recorder returns a view of the tree that has recorded nothing yet.
func (t *Tree) Recorder() *Recorder {
	return &Recorder{tree: t, reads: make(map[Read]struct{})}
}

// Reads returns what was read so far, sorted, each once.
func (r *Recorder) Reads() []Read {
	r.mu.Lock()
	defer r.mu.Unlock()
	reads := make([]Read, 0, len(r.reads))
	for read := range r.reads {
		reads = append(reads, read)
	}
	slices.SortFunc(reads, func(a, b Read) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.What, b.What))
	})
	return reads
}

// Holds tells whether the same reads from this tree would tell the same. A read that failed never does. Files that git
// holds are compared by their names in git, without being read.
func (t *Tree) Holds(reads []Read) bool {
	for _, read := range reads {
		if read.What == Failed || t.learn(read.Path, read.What) != read {
			return false
		}
	}
	return true
}

// learn reads anew what a recorded read has told.
func (t *Tree) learn(name string, what Learned) Read {
	at, err := t.find(name)
	switch {
	case err != nil:
		return failure(name, err)
	case what == Contents && at.entry.mode == 0:
		digest, err := t.digest(at)
		if err != nil {
			return failure(name, err)
		}
		return Read{Path: name, What: Contents, Digest: digest}
	case what == Names && at.entry.mode.IsDir():
		entries, err := t.readDir(at)
		if err != nil {
			return failure(name, err)
		}
		return Read{Path: name, What: Names, Digest: namesDigest(entries)}
	}
	return Read{Path: name, What: lookedUp(at.entry.mode)}
}

func failure(name string, err error) Read {
	if errors.Is(err, fs.ErrNotExist) {
		return Read{Path: name, What: IsNothing}
	}
	return Read{Path: name, What: Failed}
}

func lookedUp(mode fs.FileMode) Learned {
	switch {
	case mode.IsDir():
		return IsFolder
	case mode == 0:
		return IsFile
	}
	return Failed
}

// digest is the name that git gives a file's contents, so that a file on disk compares with one in a commit. go-git
// computes SHA-1 with collision detection.
func (t *Tree) digest(at place) (string, error) {
	if len(at.entry.id) == 2*len(plumbing.ZeroHash) {
		return at.entry.id, nil
	}
	text, err := t.read(at)
	if err != nil {
		return "", err
	}
	return contentsDigest(text), nil
}

func contentsDigest(text []byte) string {
	return plumbing.ComputeHash(plumbing.BlobObject, text).String()
}

// namesDigest is a cryptographic hash: a pull request chooses the names.
func namesDigest(entries []fs.DirEntry) string {
	h := sha256.New()
	for _, e := range entries {
		fmt.Fprintf(h, "%s\x00%s\x00", e.Name(), e.Type())
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (r *Recorder) record(read Read) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads[read] = struct{}{}
}

// ReadFile reads a file and records its contents.
func (r *Recorder) ReadFile(name string) ([]byte, error) {
	text, err := r.tree.ReadFile(name)
	if err != nil {
		r.record(failure(name, err))
		return nil, err
	}
	r.record(Read{Path: name, What: Contents, Digest: contentsDigest(text)})
	return text, nil
}

// ReadDir lists a folder and records its names.
func (r *Recorder) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := r.tree.ReadDir(name)
	if err != nil {
		r.record(failure(name, err))
		return nil, err
	}
	r.record(Read{Path: name, What: Names, Digest: namesDigest(entries)})
	return entries, nil
}

// Stat looks a path up and records what is there.
func (r *Recorder) Stat(name string) (fs.FileInfo, error) {
	about, err := r.tree.Stat(name)
	if err != nil {
		r.record(failure(name, err))
		return nil, err
	}
	r.record(Read{Path: name, What: lookedUp(about.Mode().Type())})
	return about, nil
}

// Fingerprint is the tree's. It is not recorded: what could not be read is.
func (r *Recorder) Fingerprint(name string) uint64 { return r.tree.Fingerprint(name) }

// Open opens a file or a folder and records it as if it were read whole.
func (r *Recorder) Open(name string) (fs.File, error) {
	about, err := r.tree.Stat(name)
	if err != nil {
		r.record(failure(name, err))
		return nil, err
	}
	if about.IsDir() {
		entries, err := r.ReadDir(name)
		if err != nil {
			return nil, err
		}
		return newFolder(about, entries), nil
	}
	text, err := r.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return newFile(about, text), nil
}

// Package cache keeps on disk what targets render to. In go a target's key, what its renderer read and what came out; out
// comes that again, for a tree in which the same reads tell the same.
//
// An entry is found by a hash of the program itself and of the target, and counts only if every file that the renderer
// read has the contents that it had, every folder the names, and what it looked for in vain is still not there. So it
// never goes stale. Its sum is checked when it is read, which finds what was broken, not what was forged: the folder must
// be one that only those can write who may decide what renders to what. The package does not know what a renderer is, and
// keeps no errors.
package cache

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

// Bounds of a cache, in bytes but for maxVariants: how many states of its files a target is kept for.
const (
	maxEntry    = 64 << 20
	maxFolder   = 512 << 20
	maxVariants = 4
)

// A Cache is a folder of entries. It is safe for concurrent use, by several processes, too.
type Cache struct {
	root    *os.Root
	program string
	mu      sync.Mutex
	failed  error
}

// Open opens a cache and makes its folder where there is none. The caller closes it.
func Open(dir string) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("opening the cache: %w", err)
	}
	root, err := os.OpenRoot(dir) // no link leads out of it
	if err != nil {
		return nil, fmt.Errorf("opening the cache: %w", err)
	}
	c := &Cache{root: root}
	if c.program, err = program(); err != nil {
		_ = root.Close()
		return nil, fmt.Errorf("opening the cache: %w", err)
	}
	return c, nil
}

// program identifies this very program: what another version has rendered may be wrong.
func program() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := xxhash.New()
	_, err = io.Copy(sum, f)
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}

// Settle removes the oldest entries where there are too many. The error is the first one of all that went wrong until then:
// what could not be kept is rendered again the next time.
func (c *Cache) Settle() error {
	c.note(c.prune())
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// Close settles the cache and closes it.
func (c *Cache) Close() error {
	_ = c.Settle() // it is the error of the next lines, too
	c.note(c.root.Close())
	return c.failed
}

func (c *Cache) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed == nil && err != nil {
		c.failed = err
	}
}

const ending = ".entry"

func (c *Cache) name(key []byte) string {
	sum := sha256.Sum256(append([]byte(c.program+"\x00"), key...))
	return hex.EncodeToString(sum[:]) + ending
}

// A variant is what a target renders to in one state of its files.
type variant struct {
	reads  []tree.Read
	answer []byte
}

// Find returns what a target renders to in a tree, if that is known.
func (c *Cache) Find(t *tree.Tree, key []byte) ([]byte, bool) {
	name := c.name(key)
	for _, v := range c.entry(name, key) {
		if t.Holds(v.reads) {
			now := time.Now()
			_ = c.root.Chtimes(name, now, now) // what is used stays
			return v.answer, true
		}
	}
	return nil, false
}

// Keep keeps what a target has rendered to after some reads.
func (c *Cache) Keep(key []byte, reads []tree.Read, answer []byte) {
	if slices.ContainsFunc(reads, func(r tree.Read) bool { return r.What == tree.Failed }) {
		return // it would never be found again
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	name := c.name(key)
	all := []variant{{reads, answer}}
	size := len(answer)
	for _, v := range c.entry(name, key) {
		if size += len(v.answer); len(all) == maxVariants || size > maxEntry/2 {
			break
		}
		if !slices.Equal(v.reads, reads) {
			all = append(all, v)
		}
	}
	text, err := encode(key, all)
	if err == nil && len(text) <= maxEntry {
		err = c.write(name, text)
	}
	if c.failed == nil && err != nil {
		c.failed = fmt.Errorf("keeping what was rendered: %w", err)
	}
}

// write replaces an entry at once: whoever reads beside it finds the old or the new one.
func (c *Cache) write(name string, text []byte) error {
	beside := name + "." + rand.Text()
	f, err := c.root.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = c.root.Rename(beside, name)
	}
	if err != nil {
		_ = c.root.Remove(beside)
	}
	return err
}

// entry reads the variants of an entry; none if there is none or it is broken.
func (c *Cache) entry(name string, key []byte) []variant {
	f, err := c.root.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxEntry+1))
	if err != nil || len(text) > maxEntry {
		return nil
	}
	all, err := decode(text, key)
	if err != nil {
		return nil
	}
	return all
}

// prune removes the entries that were not used for longest, and what a process that was stopped has left.
func (c *Cache) prune() error {
	entries, err := fs.ReadDir(c.root.FS(), ".")
	if err != nil {
		return err
	}
	var all []fs.FileInfo
	size := int64(0)
	for _, e := range entries {
		if about, err := e.Info(); err == nil && about.Mode().IsRegular() && strings.Contains(e.Name(), ending) {
			all = append(all, about)
			size += about.Size()
		}
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int { return cmp.Compare(a.ModTime().UnixNano(), b.ModTime().UnixNano()) })
	for _, about := range all {
		isLeft := !strings.HasSuffix(about.Name(), ending) && time.Since(about.ModTime()) > time.Hour
		if size <= maxFolder && !isLeft {
			continue
		}
		if err := c.root.Remove(about.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		size -= about.Size()
	}
	return nil
}

// head begins every entry; it changes with the format.
const head = "netpol-impact cache 1\n"

var errBroken = errors.New("the entry is broken")

// encode writes an entry: the head, a sum of all that follows, the key, and the variants, each part after its length.
func encode(key []byte, all []variant) ([]byte, error) {
	body := part(nil, key)
	for _, v := range all {
		reads, err := json.Marshal(v.reads)
		if err != nil {
			return nil, err
		}
		body = part(part(body, reads), v.answer)
	}
	sum := sha256.Sum256(body)
	return slices.Concat([]byte(head), sum[:], body), nil
}

func part(b, text []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func decode(text, key []byte) ([]variant, error) {
	body, ok := bytes.CutPrefix(text, []byte(head))
	if !ok || len(body) < sha256.Size {
		return nil, errBroken
	}
	sum := sha256.Sum256(body[sha256.Size:])
	if !bytes.Equal(sum[:], body[:sha256.Size]) {
		return nil, errBroken
	}
	body = body[sha256.Size:]
	next := func() []byte {
		length, n := binary.Uvarint(body)
		if n <= 0 || length > uint64(len(body)-n) {
			ok = false
			return nil
		}
		found := body[n : n+int(length)]
		body = body[n+int(length):]
		return found
	}
	if !bytes.Equal(next(), key) || !ok {
		return nil, errBroken
	}
	var all []variant
	for len(body) > 0 {
		var v variant
		reads, answer := next(), next()
		if !ok {
			return nil, errBroken
		}
		if err := json.Unmarshal(reads, &v.reads); err != nil {
			return nil, err
		}
		v.answer = answer
		all = append(all, v)
	}
	return all, nil
}

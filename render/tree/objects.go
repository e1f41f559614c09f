package tree

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

// stores reads objects through go-git: the repository's own and those of its alternates. go-git's own handling of
// alternates reads their index anew for every object and refuses paths with "..", so each is a store of its own here.
type stores struct {
	mu   sync.Mutex // go-git's storage shares a file offset between reads
	list []*filesystem.ObjectStorage
}

// openStores opens a folder of objects and the alternates that it names, and those that they name.
func openStores(dir string) (*stores, error) {
	s := new(stores)
	seen := make(map[string]bool)
	shared := cache.NewObjectLRUDefault()
	for todo := []string{dir}; len(todo) > 0; todo = todo[1:] {
		objects := filepath.Clean(todo[0])
		if seen[objects] {
			continue
		}
		seen[objects] = true
		if filepath.Base(objects) != "objects" {
			return nil, fmt.Errorf("the folder of objects %s is not named objects", objects)
		}
		files := dotgit.New(osfs.New(filepath.Dir(objects)))
		// Descriptors that stay open make reading three times as fast.
		s.list = append(s.list, filesystem.NewObjectStorageWithOptions(files, shared, filesystem.Options{KeepDescriptors: true}))
		more, err := alternates(objects)
		if err != nil {
			return nil, err
		}
		todo = append(todo, more...)
	}
	return s, nil
}

// alternates reads the other folders of objects that one refers to: gitrepository-layout(5).
func alternates(objects string) ([]string, error) {
	f, err := os.Open(filepath.Join(objects, "info", "alternates"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var found []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); line != "" && line[0] != '#' {
			found = append(found, from(objects, line))
		}
	}
	return found, nil
}

func (s *stores) object(id string) (plumbing.ObjectType, []byte, error) {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != len(plumbing.ZeroHash) {
		return 0, nil, errMissing
	}
	hash := plumbing.Hash(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, store := range s.list {
		if store.HasEncodedObject(hash) != nil {
			continue
		}
		found, err := store.EncodedObject(plumbing.AnyObject, hash)
		if err != nil {
			return 0, nil, err
		}
		text, err := contents(found)
		return found.Type(), text, err
	}
	return 0, nil, errMissing
}

func contents(o plumbing.EncodedObject) ([]byte, error) {
	if o.Size() > maxFileSize {
		return nil, errTooLarge
	}
	from, err := o.Reader()
	if err != nil {
		return nil, err
	}
	defer from.Close()
	text := make([]byte, o.Size())
	_, err = io.ReadFull(from, text)
	return text, err
}

// startingWith returns the names of the objects that begin with some hexadecimal digits.
func (s *stores) startingWith(digits string) ([]string, error) {
	prefix, err := hex.DecodeString(digits[:len(digits)/2*2])
	if err != nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for _, store := range s.list {
		hashes, err := store.HashesWithPrefix(prefix)
		if err != nil {
			return nil, err
		}
		for _, h := range hashes {
			if strings.HasPrefix(h.String(), digits) {
				found = append(found, h.String())
			}
		}
	}
	return found, nil
}

// Close closes the files of the stores.
func (s *stores) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var failed []error
	for _, store := range s.list {
		failed = append(failed, store.Close())
	}
	return errors.Join(failed...)
}

// partial reads what a partial clone has, and asks the git program for what it left out.
type partial struct {
	here    *stores
	program *program
}

func (p *partial) object(id string) (plumbing.ObjectType, []byte, error) {
	kind, text, err := p.here.object(id)
	if !errors.Is(err, errMissing) {
		return kind, text, err
	}
	if p.program == nil {
		return 0, nil, fmt.Errorf("%w: this is a partial clone, and there is no git program to fetch what it left out; clone without a filter", errMissing)
	}
	return p.program.object(id)
}

// Close closes the files and ends the program.
func (p *partial) Close() error {
	err := p.here.Close()
	if p.program != nil {
		err = errors.Join(err, p.program.Close())
	}
	return err
}

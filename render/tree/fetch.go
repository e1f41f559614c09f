package tree

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// Fetch says how commits that a clone lacks may be fetched from where it was cloned from.
type Fetch struct {
	// Token is sent to Server (https://github.com) and to nobody else, as GitHub wants it; none if empty.
	Server, Token string
}

// maxFetched bounds the commits that one repository fetches: each comes with all of its files.
const maxFetched = 4

var errFetched = fmt.Errorf("%d commits were fetched already, which is the bound", maxFetched)

// AllowFetch lets the repository fetch commits that it lacks, or that a partial clone has left out files of, from its
// remote origin: one by one, without their history, into memory. Nothing is written to the repository. Call it before
// anything else. With a token, or where there is no git program, origin must be at an address of http or https; else the
// git program fetches, with what credentials it has.
func (r *Repository) AllowFetch(ctx context.Context, how Fetch) {
	if r.foreign {
		return // the git program reads, and fetches what it can
	}
	r.fetches = &fetching{objects: r.objects, remote: r.origin(how), ctx: ctx, tried: make(map[string]error)}
	r.objects = r.fetches
}

// A remote is where a commit comes from, with its folders and files.
type remote interface {
	// fetch gets a commit, named in full, at depth 1.
	fetch(ctx context.Context, id string) error
	// tip names the commit that a branch is at.
	tip(ctx context.Context, branch string) (string, error)
	objects
}

// fetching reads what the clone has, and else what was fetched.
type fetching struct {
	objects
	remote remote
	ctx    context.Context

	mu sync.Mutex
	// used are the commits whose files are read, which the clone may have in part.
	used  []string
	tried map[string]error
}

// object reads a folder or a file, and fetches the commits in use if the clone has left it out.
func (f *fetching) object(id string) (plumbing.ObjectType, []byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.after(f.used, id)
}

// commit reads a commit or a tag, and fetches it if it is missing.
func (f *fetching) commit(id string) (plumbing.ObjectType, []byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.after([]string{id}, id)
}

// look reads what is there already.
func (f *fetching) look(id string) (plumbing.ObjectType, []byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.after(nil, id)
}

// after looks for an object, if it is missing once more after each fetch of the commits given.
func (f *fetching) after(commits []string, id string) (plumbing.ObjectType, []byte, error) {
	kind, text, err := f.objects.object(id)
	if !errors.Is(err, errMissing) {
		return kind, text, err
	}
	if kind, text, fetched := f.remote.object(id); !errors.Is(fetched, errMissing) {
		return kind, text, fetched
	}
	for _, commit := range commits {
		if failed := f.get(commit); failed != nil {
			err = fmt.Errorf("%w, and commit %s could not be fetched: %w", err, commit, failed)
			continue
		}
		if kind, text, fetched := f.remote.object(id); !errors.Is(fetched, errMissing) {
			return kind, text, fetched
		}
	}
	return kind, text, err
}

// use notes that a commit's files are going to be read.
func (f *fetching) use(commit string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(f.used, commit) {
		f.used = append(f.used, commit)
	}
}

// get fetches a commit once. The caller holds mu.
func (f *fetching) get(id string) error {
	err, known := f.tried[id]
	switch {
	case known:
		return err
	case len(f.tried) == maxFetched:
		return errFetched
	}
	f.tried[id] = f.remote.fetch(f.ctx, id)
	return f.tried[id]
}

// Tip asks origin which commit a branch is at, and returns its full name. The repository must be allowed to fetch.
func (r *Repository) Tip(branch string) (string, error) {
	if r.fetches == nil {
		return "", fmt.Errorf("asking for the branch %s: nothing may be fetched here", branch)
	}
	id, err := r.fetches.remote.tip(r.fetches.ctx, branch)
	if err != nil {
		return "", fmt.Errorf("asking for the branch %s: %w", branch, err)
	}
	return id, nil
}

// Close closes what was fetched, too.
func (f *fetching) Close() error { return errors.Join(f.objects.Close(), f.remote.Close()) }

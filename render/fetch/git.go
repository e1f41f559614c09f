package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// Bounds of git repositories: the bytes of one commit's pack and of a list of names, and how many commits one run fetches.
const (
	maxPack    = 128 << 20
	maxRefs    = 32 << 20
	maxCommits = 50
)

var errCommits = fmt.Errorf("%d commits were fetched already, which is the bound", maxCommits)

// A CommitRef names a commit of a git repository at an address of https or http: Ref is a full commit id, a tag or a
// branch, and the default branch if it is empty.
type CommitRef struct{ Repository, Ref string }

// A Commit is one with its files.
type Commit struct {
	ID    string
	Files fs.FS
}

// A fetchedCommit is a commit as it came from an address. Its pack is there if it may be kept, and was not yet.
type fetchedCommit struct {
	Commit
	from string
	pack []byte
}

// commit fetches a commit, or finds it among what is kept.
func (f *Fetcher) commit(ctx context.Context, r CommitRef) (fetchedCommit, error) {
	if err := f.mayAsk(r.Repository); err != nil {
		return fetchedCommit{}, err
	}
	at, err := url.Parse(r.Repository)
	if err != nil {
		return fetchedCommit{}, err
	}
	if at.Scheme == "oci" {
		return fetchedCommit{}, fmt.Errorf("%s is a registry, and no git repository", r.Repository)
	}
	at = &url.URL{Scheme: at.Scheme, Host: at.Host, Path: strings.TrimSuffix(at.Path, "/")}
	from := tree.Elsewhere{Address: at.String(), Client: &http.Client{Transport: &inRepository{f, at}}}
	want, id, err := f.find(ctx, from, r.Ref)
	if err != nil {
		return fetchedCommit{}, err
	}
	c, err := fetchOnce(ctx, f, "commit "+from.Address+" "+want, func() (fetchedCommit, error) { return f.getCommit(ctx, from, want, id) })
	if err != nil {
		return fetchedCommit{}, err
	}
	f.tell(Fetched{Name: strings.TrimSpace("repository " + strings.TrimSuffix(path.Base(at.Path), ".git") + " " + r.Ref), From: shown(at),
		Digest: "commit " + id, Moves: id != r.Ref})
	return c, nil
}

// getCommit gets a commit. What is kept and is not that commit is fetched anew.
func (f *Fetcher) getCommit(ctx context.Context, from tree.Elsewhere, want, id string) (fetchedCommit, error) {
	c := fetchedCommit{Commit{ID: id}, from.Address, nil}
	if f.kept != nil {
		if pack, ok := f.kept.Pack(from.Address, id); ok {
			if files, err := f.unpack(ctx, pack, id); err == nil {
				c.Files = files
				return c, nil
			}
		}
	}
	if err := f.countCommit(); err != nil {
		return c, err
	}
	timed, cancel := f.timed(ctx)
	defer cancel()
	pack, err := from.Pack(timed, want, maxPack)
	if err != nil {
		return c, f.gitFailed(timed, err)
	}
	if f.kept != nil {
		c.pack = pack
	}
	c.Files, err = f.unpack(ctx, pack, id)
	return c, err
}

// find finds the object to fetch for a name, and its commit. The repository is asked once in a run for what its names are.
func (f *Fetcher) find(ctx context.Context, from tree.Elsewhere, name string) (want, id string, err error) {
	if tree.IsCommitID(name) {
		return name, name, nil
	}
	refs, err := fetchOnce(ctx, f, "refs "+from.Address, func() (tree.Refs, error) {
		ctx, cancel := f.timed(ctx)
		defer cancel()
		refs, err := from.Refs(ctx)
		return refs, f.gitFailed(ctx, err)
	})
	if err != nil {
		return "", "", err
	}
	if want, id, err = refs.Find(name); err != nil {
		err = fmt.Errorf("%s: %w", from.Address, err)
	}
	return want, id, err
}

// otherName is a repository's address with the ending that code hosts take it with and without.
func otherName(s config.Source) config.Source {
	if short, ok := strings.CutSuffix(s.Path, ".git"); ok {
		s.Path = short
	} else {
		s.Path += ".git"
	}
	return s
}

// gitFailed tells why a time has ended, which go-git does not know, and puts what a server says on one line.
func (f *Fetcher) gitFailed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return errors.New(strings.Join(strings.Fields(err.Error()), " "))
}

// countCommit counts a commit.
func (f *Fetcher) countCommit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.commits++; f.commits > maxCommits {
		return errCommits
	}
	return nil
}

// inRepository asks for a repository, within the bounds of the run, and goes nowhere else that is not allowed.
type inRepository struct {
	f    *Fetcher
	root *url.URL
}

// RoundTrip implements http.RoundTripper.
func (in *inRepository) RoundTrip(q *http.Request) (*http.Response, error) {
	own := q.URL.Scheme == in.root.Scheme && q.URL.Host == in.root.Host && strings.HasPrefix(q.URL.Path, in.root.Path+"/")
	if !own {
		if err := in.f.may(q.URL, request{}); err != nil {
			return nil, err
		}
	}
	if err := in.f.count(); err != nil {
		return nil, err
	}
	response, err := in.f.client.Transport.RoundTrip(q)
	if err != nil {
		return nil, in.f.failed(q.Context(), q.URL, err)
	}
	most := maxRefs
	if q.Method == http.MethodPost {
		most = maxPack + 1<<20 // the pack itself is bounded by who reads it
	}
	response.Body = &counted{ReadCloser: response.Body, f: in.f, left: most, most: most}
	return response, nil
}

// counted counts what comes for the run's bound.
type counted struct {
	io.ReadCloser
	f          *Fetcher
	left, most int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if c.left -= n; c.left < 0 {
		return 0, fmt.Errorf("it sends more than %d MiB, which is the bound", c.most>>20)
	}
	if !c.f.countBytes(n) {
		return 0, errTotal
	}
	return n, err
}

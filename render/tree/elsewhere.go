package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-git/go-git/v5/plumbing"
)

// Elsewhere is a git repository at an address of http or https that is not what is compared. Client asks it, and is what
// bounds where it may lead; no credentials are sent.
type Elsewhere struct {
	Address string
	Client  *http.Client
}

// Refs are the names that a repository has for its commits.
type Refs struct {
	head string
	// tips are the objects by their full name, refs/heads/main; peeled what a tag among them is of.
	tips, peeled map[string]plumbing.Hash
}

// Refs asks for the names.
func (e Elsewhere) Refs(ctx context.Context) (Refs, error) {
	session, got, err := e.remote(0).ask(ctx)
	if err != nil {
		return Refs{}, err
	}
	defer session.Close()
	r := Refs{tips: got.References, peeled: got.Peeled}
	if got.Head != nil {
		r.head = got.Head.String()
	}
	return r, nil
}

// Find finds a commit by a name that `git fetch` would take: a full commit id, a tag, a branch, a full name; none is the
// default branch. want is the object to fetch for it, a tag perhaps.
func (r Refs) Find(name string) (want, commit string, err error) {
	if IsCommitID(name) {
		return name, name, nil
	}
	if name == "" || name == "HEAD" {
		if r.head == "" {
			return "", "", errors.New("it has no default branch")
		}
		return r.head, r.head, nil
	}
	// The order is that of gitrevisions(7).
	for _, before := range []string{"", "refs/", "refs/tags/", "refs/heads/"} {
		tip, ok := r.tips[before+name]
		if !ok {
			continue
		}
		if of, ok := r.peeled[before+name]; ok {
			return tip.String(), of.String(), nil
		}
		return tip.String(), tip.String(), nil
	}
	return "", "", fmt.Errorf("it has no branch or tag %q, and that is no full commit id", name)
}

// IsCommitID tells whether a name can only be one commit's, in full.
func IsCommitID(name string) bool {
	return plumbing.IsHash(name) && len(name) == 2*len(plumbing.ZeroHash)
}

// Pack fetches an object that [Refs.Find] wants, without history, as a pack of at most so many bytes.
func (e Elsewhere) Pack(ctx context.Context, want string, most int) ([]byte, error) {
	answer, err := e.remote(most).pack(ctx, want)
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	pack, err := io.ReadAll(answer)
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	return pack, nil
}

func (e Elsewhere) remote(most int) *httpRemote {
	return &httpRemote{
		named: "the repository", from: e.Address, client: e.Client, most: most,
		tooLarge: fmt.Errorf("its files take more than %d MiB, which is the bound", most>>20),
	}
}

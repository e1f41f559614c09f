package tree

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
	store "github.com/go-git/go-git/v5/storage/memory"
)

// maxPack bounds what one fetch may bring, in bytes as they come.
const maxPack = 1 << 30

var errPack = fmt.Errorf("it is larger than %d MiB; clone the repository whole", maxPack>>20)

// origin chooses who fetches.
func (r *Repository) origin(how Fetch) remote {
	from := r.config.Section("remote").Subsection("origin").Option("url")
	if r.program != nil && how.Token == "" {
		return &programRemote{from: from, program: r.program, root: r.root}
	}
	return &httpRemote{from: from, how: how, memory: store.NewStorage()}
}

// httpRemote fetches by go-git into memory.
type httpRemote struct {
	from   string
	how    Fetch
	memory *store.Storage
}

func (h *httpRemote) fetch(ctx context.Context, id string) error {
	at, err := url.Parse(h.from)
	switch {
	case h.from == "":
		return errors.New("the clone has no remote named origin")
	case err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "":
		return errors.New("the remote origin has no address of http or https, and others need the git program")
	}
	endpoint, err := transport.NewEndpoint(h.from)
	if err != nil {
		return fmt.Errorf("reading the address of origin: %w", err)
	}
	var auth transport.AuthMethod
	if h.how.Token != "" && sameServer(at, h.how.Server) {
		auth = &http.BasicAuth{Username: "x-access-token", Password: h.how.Token}
	}
	session, err := http.NewClient(nil).NewUploadPackSession(endpoint, auth)
	if err != nil {
		return err
	}
	defer session.Close()
	if _, err := session.AdvertisedReferencesContext(ctx); err != nil {
		return fmt.Errorf("asking %s: %w", at.Redacted(), err)
	}
	ask := packp.NewUploadPackRequest()
	ask.Wants = []plumbing.Hash{plumbing.NewHash(id)}
	ask.Depth = packp.DepthCommits(1)
	for _, c := range []capability.Capability{capability.Shallow, capability.OFSDelta} {
		if err := ask.Capabilities.Set(c); err != nil {
			return err
		}
	}
	answer, err := session.UploadPack(ctx, ask)
	if err != nil {
		return fmt.Errorf("asking %s: %w", at.Redacted(), err)
	}
	defer answer.Close()
	if err := packfile.UpdateObjectStorage(h.memory, &bounded{from: answer, left: maxPack}); err != nil {
		return fmt.Errorf("reading what %s sends: %w", at.Redacted(), err)
	}
	return nil
}

// sameServer tells whether an address is at a server, by the same protocol: a token goes to nobody else.
func sameServer(at *url.URL, server string) bool {
	s, err := url.Parse(server)
	return err == nil && s.Host != "" && s.Scheme == at.Scheme && s.Host == at.Host
}

// bounded fails where an io.LimitReader would end.
type bounded struct {
	from io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errPack
	}
	return n, err
}

func (h *httpRemote) object(id string) (plumbing.ObjectType, []byte, error) {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != len(plumbing.ZeroHash) {
		return 0, nil, errMissing
	}
	found, err := h.memory.EncodedObject(plumbing.AnyObject, plumbing.Hash(raw))
	if err != nil {
		return 0, nil, errMissing
	}
	text, err := contents(found)
	return found.Type(), text, err
}

func (h *httpRemote) Close() error { return nil }

// programRemote fetches by the git program into a repository that is deleted afterwards.
type programRemote struct {
	from, root string
	program    *program
	dir        string
	fetched    *stores
}

func (p *programRemote) fetch(ctx context.Context, id string) (err error) {
	if p.from == "" {
		return errors.New("the clone has no remote named origin")
	}
	if p.dir == "" {
		if p.dir, err = os.MkdirTemp("", "netpol-impact-fetched-"); err != nil {
			return err
		}
	}
	temporary := &program{path: p.program.path, gitDir: p.dir, ctx: ctx}
	if _, err := temporary.run("init", "--quiet", "--bare"); err != nil {
		return err
	}
	temporary.work = p.root // an address may be a path from there
	if _, err := temporary.run("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", p.from, id); err != nil {
		return err
	}
	if p.fetched != nil {
		_ = p.fetched.Close() // it does not see the new pack
	}
	p.fetched, err = openStores(filepath.Join(p.dir, "objects"))
	return err
}

func (p *programRemote) object(id string) (plumbing.ObjectType, []byte, error) {
	if p.fetched == nil {
		return 0, nil, errMissing
	}
	return p.fetched.object(id)
}

func (p *programRemote) Close() error {
	var err error
	if p.fetched != nil {
		err = p.fetched.Close()
	}
	if p.dir != "" {
		err = errors.Join(err, os.RemoveAll(p.dir))
	}
	return err
}

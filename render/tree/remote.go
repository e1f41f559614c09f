package tree

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	web "net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

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

var (
	errNoOrigin = errors.New("the clone has no remote named origin")
	errNoBranch = errors.New("origin has no such branch")
)

var errPack = fmt.Errorf("it is larger than %d MiB; clone the repository whole", maxPack>>20)

// origin chooses who fetches.
func (r *Repository) origin(how Fetch) remote {
	from := r.Origin()
	if r.program != nil && how.Token == "" {
		return &programRemote{from: from, program: r.program, root: r.root}
	}
	return &httpRemote{named: "origin", from: from, how: how, most: maxPack, tooLarge: errPack, memory: store.NewStorage()}
}

// httpRemote fetches by go-git into memory.
type httpRemote struct {
	// named is what it is called where its address cannot be told.
	named, from string
	how         Fetch
	// client is the one that asks; go-git's own if nil.
	client *web.Client
	// most bounds a pack, in bytes as they come, and tooLarge says so.
	most     int
	tooLarge error
	memory   *store.Storage
}

// ask opens a session with origin and gets what it advertises. The caller closes the session.
func (h *httpRemote) ask(ctx context.Context) (transport.UploadPackSession, *packp.AdvRefs, error) {
	at, err := url.Parse(h.from)
	switch {
	case h.from == "":
		return nil, nil, errNoOrigin
	case err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "":
		return nil, nil, errors.New("the remote origin has no address of http or https, and others need the git program")
	}
	endpoint, err := transport.NewEndpoint(h.from)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the address of origin: %w", err)
	}
	var auth transport.AuthMethod
	if h.how.Token != "" && sameServer(at, h.how.Server) {
		auth = &http.BasicAuth{Username: "x-access-token", Password: h.how.Token}
	}
	session, err := http.NewClient(h.client).NewUploadPackSession(endpoint, auth)
	if err != nil {
		return nil, nil, err
	}
	refs, err := session.AdvertisedReferencesContext(ctx)
	if err != nil {
		return nil, nil, errors.Join(h.asking(err), session.Close())
	}
	return session, refs, nil
}

// asking says of whom something was asked.
func (h *httpRemote) asking(err error) error {
	at := h.named
	if u, bad := url.Parse(h.from); bad == nil {
		at = u.Redacted()
	}
	return fmt.Errorf("asking %s: %w", at, err)
}

func (h *httpRemote) tip(ctx context.Context, branch string) (string, error) {
	session, refs, err := h.ask(ctx)
	if err != nil {
		return "", err
	}
	defer session.Close()
	tip, ok := refs.References["refs/heads/"+branch]
	if !ok {
		return "", errNoBranch
	}
	return tip.String(), nil
}

func (h *httpRemote) fetch(ctx context.Context, id string) error {
	answer, err := h.pack(ctx, id)
	if err != nil {
		return err
	}
	defer answer.Close()
	if err := packfile.UpdateObjectStorage(h.memory, answer); err != nil {
		return fmt.Errorf("reading the answer: %w", h.asking(err))
	}
	return nil
}

// pack asks for the pack of an object and all that it needs, without history. The caller closes it.
func (h *httpRemote) pack(ctx context.Context, id string) (io.ReadCloser, error) {
	session, _, err := h.ask(ctx)
	if err != nil {
		return nil, err
	}
	ask := packp.NewUploadPackRequest()
	ask.Wants = []plumbing.Hash{plumbing.NewHash(id)}
	ask.Depth = packp.DepthCommits(1)
	for _, c := range []capability.Capability{capability.Shallow, capability.OFSDelta} {
		if err := ask.Capabilities.Set(c); err != nil {
			return nil, errors.Join(err, session.Close())
		}
	}
	answer, err := session.UploadPack(ctx, ask)
	if err != nil {
		return nil, errors.Join(h.asking(err), session.Close())
	}
	return &bounded{Closer: &both{answer, session}, from: answer, left: h.most, tooLarge: h.tooLarge}, nil
}

// both closes what a pack comes by.
type both [2]io.Closer

func (b *both) Close() error { return errors.Join(b[0].Close(), b[1].Close()) }

// sameServer tells whether an address is at a server, by the same protocol: a token goes to nobody else.
func sameServer(at *url.URL, server string) bool {
	s, err := url.Parse(server)
	return err == nil && s.Host != "" && s.Scheme == at.Scheme && s.Host == at.Host
}

// bounded fails where an io.LimitReader would end.
type bounded struct {
	io.Closer
	from     io.Reader
	left     int
	tooLarge error
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, b.tooLarge
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

// temporary is git in the repository that is deleted afterwards.
func (p *programRemote) temporary(ctx context.Context) (_ *program, err error) {
	if p.from == "" {
		return nil, errNoOrigin
	}
	if p.dir == "" {
		if p.dir, err = os.MkdirTemp("", "netpol-impact-fetched-"); err != nil {
			return nil, err
		}
	}
	git := &program{path: p.program.path, gitDir: p.dir, ctx: ctx}
	if _, err := git.run("init", "--quiet", "--bare"); err != nil {
		return nil, err
	}
	git.work = p.root // an address may be a path from there
	return git, nil
}

func (p *programRemote) tip(ctx context.Context, branch string) (string, error) {
	git, err := p.temporary(ctx)
	if err != nil {
		return "", err
	}
	line, err := git.line("ls-remote", "--quiet", "--", p.from, "refs/heads/"+branch)
	if err != nil {
		return "", err
	}
	id, _, ok := strings.Cut(line, "\t")
	if !ok {
		return "", errNoBranch
	}
	return id, nil
}

func (p *programRemote) fetch(ctx context.Context, id string) (err error) {
	temporary, err := p.temporary(ctx)
	if err != nil {
		return err
	}
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

package pullrequest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

// plainClone is a [repository] that is read without the git binary, which the image does not have. Nothing is written to
// the clone: what it lacks is fetched into memory, at depth 1. A merge base needs the history to be there.
type plainClone struct {
	repository *tree.Repository
	// blobs are the files that were listed, by what stands for their hash.
	blobs map[string]string
}

func openPlainClone(ctx context.Context, dir, server, token string) (*plainClone, error) {
	repository, err := tree.OpenRepository(dir)
	if err != nil {
		return nil, err
	}
	repository.AllowFetch(ctx, tree.Fetch{Server: server, Token: token})
	return &plainClone{repository: repository, blobs: make(map[string]string)}, nil
}

func (p *plainClone) Close() error { return p.repository.Close() }

func (p *plainClone) Commit(_ context.Context, revision string) (commit, error) {
	hash, err := p.repository.Resolve(revision)
	if err != nil {
		return commit{}, err
	}
	parents, err := p.repository.Parents(hash)
	return commit{hash: hash, parents: parents}, err
}

func (p *plainClone) Fetch(_ context.Context, what string) (string, error) {
	if branch, ok := strings.CutPrefix(what, "refs/heads/"); ok {
		tip, err := p.repository.Tip(branch)
		if err != nil {
			return "", err
		}
		what = tip
	}
	return p.repository.Resolve(what)
}

func (p *plainClone) MergeBase(_ context.Context, a, b string) (string, error) {
	return p.repository.MergeBase(a, b)
}

// Blobs lists the files below a folder, or the one file that is there.
func (p *plainClone) Blobs(_ context.Context, revision, folder string) (map[string]string, error) {
	commit, err := p.repository.Commit(revision)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	folder = strings.TrimSuffix(folder, "/")
	if _, err := commit.Stat(folder); err != nil {
		return found, nil
	}
	err = fs.WalkDir(commit, folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := commit.ReadFile(file)
		if err != nil {
			return err
		}
		hash := fmt.Sprintf("%x", sha256.Sum256(text))
		found[file], p.blobs[hash] = hash, string(text)
		return nil
	})
	return found, err
}

func (p *plainClone) Text(_ context.Context, blob string) (string, error) {
	text, ok := p.blobs[blob]
	if !ok || len(text) > maxText {
		return "", fmt.Errorf("reading %s: it was not listed or has %d bytes", blob, len(text))
	}
	return text, nil
}

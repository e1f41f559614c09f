package pullrequest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// gitClone is a [repository] read by the git binary, which every runner has and which opens every clone that
// actions/checkout leaves: shallow, sparse, partial.
type gitClone struct {
	dir     string
	environ []string
}

// newGitClone prepares git for a folder. The token is for fetching what a shallow clone lacks when actions/checkout kept no
// credentials; it stands in the environment of git alone, not on its command line.
func newGitClone(dir string, environ []string, server, token string) *gitClone {
	g := &gitClone{dir: dir}
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if name != "GITHUB_TOKEN" && name != "GH_TOKEN" && !strings.HasPrefix(name, "INPUT_") && !strings.HasPrefix(name, "ACTIONS_") && !strings.HasPrefix(name, "GIT_") {
			g.environ = append(g.environ, entry)
		}
	}
	settings := [][2]string{
		// In a container the checkout belongs to another user.
		{"safe.directory", "*"},
		{"core.hooksPath", "/dev/null"},
		{"core.fsmonitor", "false"},
		{"protocol.ext.allow", "never"},
	}
	if token != "" {
		basic := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token))
		header := "http." + strings.TrimSuffix(server, "/") + "/.extraheader"
		// An empty value drops the header that actions/checkout may have left, as two of them are refused.
		settings = append(settings, [2]string{header, ""}, [2]string{header, "AUTHORIZATION: basic " + basic})
	}
	for i, setting := range settings {
		g.environ = append(g.environ, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i, setting[0]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, setting[1]))
	}
	g.environ = append(g.environ, fmt.Sprintf("GIT_CONFIG_COUNT=%d", len(settings)), "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	return g
}

// Close has nothing to close.
func (g *gitClone) Close() error { return nil }

func (g *gitClone) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env = g.dir, g.environ
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			err = errors.New(text)
		}
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(stdout)), nil
}

func (g *gitClone) Commit(ctx context.Context, revision string) (commit, error) {
	hash, err := g.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return commit{}, fmt.Errorf("no commit %q: %w", revision, err)
	}
	// The object itself: what git calls a commit's parents ends where a shallow clone does.
	text, err := g.git(ctx, "cat-file", "commit", hash)
	if err != nil {
		return commit{}, err
	}
	c := commit{hash: hash}
	for line := range strings.Lines(text) {
		parent, ok := strings.CutPrefix(strings.TrimSpace(line), "parent ")
		switch {
		case ok:
			c.parents = append(c.parents, parent)
		case strings.TrimSpace(line) == "":
			return c, nil
		}
	}
	return c, nil
}

func (g *gitClone) Fetch(ctx context.Context, what string) (string, error) {
	if fullHash.MatchString(what) {
		if _, err := g.git(ctx, "cat-file", "-e", what+"^{tree}"); err == nil {
			return what, nil
		}
	}
	shallow, err := g.shallow(ctx)
	if err != nil {
		return "", err
	}
	args := []string{"fetch", "--quiet", "--no-tags", "--no-recurse-submodules"}
	if shallow {
		// In a whole clone this would cut its history off.
		args = append(args, "--depth=1")
	}
	if _, err := g.git(ctx, append(args, "origin", "--end-of-options", what)...); err != nil {
		return "", err
	}
	return g.git(ctx, "rev-parse", "FETCH_HEAD^{commit}")
}

func (g *gitClone) shallow(ctx context.Context) (bool, error) {
	answer, err := g.git(ctx, "rev-parse", "--is-shallow-repository")
	return answer == "true", err
}

func (g *gitClone) MergeBase(ctx context.Context, a, b string) (string, error) {
	shallow, err := g.shallow(ctx)
	if err != nil {
		return "", err
	}
	if shallow {
		if _, err := g.git(ctx, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--unshallow", "origin", a, b); err != nil {
			return "", err
		}
	}
	base, err := g.git(ctx, "merge-base", a, b)
	if err != nil {
		return "", fmt.Errorf("commits %s and %s have no common ancestor: %w", a, b, err)
	}
	return base, nil
}

func (g *gitClone) Blobs(ctx context.Context, revision, folder string) (map[string]string, error) {
	text, err := g.git(ctx, "ls-tree", "-r", "-z", "--full-tree", "--end-of-options", revision, "--", folder)
	if err != nil {
		return nil, err
	}
	blobs := map[string]string{}
	for entry := range strings.SplitSeq(text, "\x00") {
		// <mode> blob <hash>\t<path>
		if about, path, ok := strings.Cut(entry, "\t"); ok {
			if fields := strings.Fields(about); len(fields) == 3 && fields[1] == "blob" {
				blobs[path] = fields[2]
			}
		}
	}
	return blobs, nil
}

// maxText is more than any workflow has.
const maxText = 1 << 20

func (g *gitClone) Text(ctx context.Context, blob string) (string, error) {
	size, err := g.git(ctx, "cat-file", "-s", blob)
	if err != nil {
		return "", err
	}
	if n, err := strconv.Atoi(size); err != nil || n > maxText {
		return "", fmt.Errorf("reading %s: it has %s bytes", blob, size)
	}
	return g.git(ctx, "cat-file", "blob", blob)
}

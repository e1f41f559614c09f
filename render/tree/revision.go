package tree

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// Resolve returns the full name of the commit that a revision means: a branch, a tag, a remote's branch, HEAD, a commit
// or the beginning of its name, each with ~N, ^N and ^{commit} behind it. Other forms (main@{yesterday}) go to the git
// program, if there is one.
func (r *Repository) Resolve(revision string) (string, error) {
	id, err := r.resolve(revision)
	if err != nil {
		return "", fmt.Errorf("resolving the revision %q: %w", revision, err)
	}
	return id, nil
}

func (r *Repository) resolve(revision string) (string, error) {
	name, steps, ok := splitRevision(revision)
	if r.foreign || !ok {
		return r.askProgram(revision)
	}
	id, err := r.named(name)
	if err != nil {
		return "", err
	}
	if id, err = r.peel(id); err != nil {
		return "", err
	}
	for _, step := range steps {
		for range step.generations {
			c, err := r.commit(id)
			if err != nil {
				return "", err
			}
			if step.parent > len(c.parents) {
				return "", fmt.Errorf("commit %s has %d parents", id, len(c.parents))
			}
			id = c.parents[step.parent-1]
		}
	}
	_, err = r.commit(id)
	return id, err
}

func (r *Repository) askProgram(revision string) (string, error) {
	if r.program == nil {
		return "", errors.New("this form needs the git program, and there is none; give a branch, a tag or a commit")
	}
	id, err := r.program.line("rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil || id == "" {
		return "", errUnknown
	}
	return id, nil
}

var errUnknown = errors.New("there is no such branch, tag or commit here; fetch it first (fetch-depth: 0 in actions/checkout), or check the spelling")

// A step goes some generations back, each time to the same parent: ~3 to the first, three times; ^2 to the second, once.
type step struct{ parent, generations int }

// splitRevision takes the steps off a name: gitrevisions(7). It is false for a form that is not known here.
func splitRevision(revision string) (name string, steps []step, ok bool) {
	end := strings.IndexAny(revision, "~^:")
	if end < 0 {
		end = len(revision)
	}
	name, rest := revision[:end], revision[end:]
	if name == "@" {
		name = "HEAD"
	}
	if name == "" || name[0] == '-' || strings.Contains(name, "@{") {
		return "", nil, false
	}
	for rest != "" {
		kind := rest[0]
		rest = rest[1:]
		if kind == ':' {
			return "", nil, false
		}
		if tail, peels := cutPeel(rest); kind == '^' && peels {
			rest = tail
			continue
		}
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n := 1
		if digits > 0 {
			var err error
			if n, err = strconv.Atoi(rest[:digits]); err != nil {
				return "", nil, false
			}
		}
		rest = rest[digits:]
		if rest != "" && rest[0] != '~' && rest[0] != '^' {
			return "", nil, false
		}
		switch {
		case kind == '~':
			steps = append(steps, step{parent: 1, generations: n})
		case n > 0: // ^0 is the commit itself
			steps = append(steps, step{parent: n, generations: 1})
		}
	}
	return name, steps, true
}

func cutPeel(rest string) (tail string, ok bool) {
	if tail, ok = strings.CutPrefix(rest, "{commit}"); ok {
		return tail, true
	}
	return strings.CutPrefix(rest, "{}")
}

// named returns the object that a plain name means: a full hash, a reference, or the beginning of a commit's hash.
func (r *Repository) named(name string) (string, error) {
	if r.foreign {
		return r.askProgram(name)
	}
	if plumbing.IsHash(name) {
		return strings.ToLower(name), nil
	}
	for _, rule := range plumbing.RefRevParseRules {
		ref, err := storer.ResolveReference(r.storage, plumbing.ReferenceName(fmt.Sprintf(rule, name)))
		if err == nil {
			return ref.Hash().String(), nil
		}
	}
	if len(name) < 4 || strings.Trim(strings.ToLower(name), "0123456789abcdef") != "" {
		return "", errUnknown
	}
	return r.abbreviated(strings.ToLower(name))
}

func (r *Repository) abbreviated(digits string) (string, error) {
	store := r.objects
	if f, ok := store.(*fetching); ok {
		store = f.objects
	}
	if p, ok := store.(*partial); ok {
		store = p.here
	}
	candidates, err := store.(*stores).startingWith(digits)
	if err != nil {
		return "", err
	}
	found := ""
	for _, id := range candidates {
		kind, _, err := r.objects.object(id)
		if err != nil || kind != plumbing.CommitObject && kind != plumbing.TagObject || id == found {
			continue
		}
		if found != "" {
			return "", errors.New("several commits begin so; give more digits")
		}
		found = id
	}
	if found == "" {
		return "", errUnknown
	}
	return found, nil
}

// peel follows annotated tags to what they are on.
func (r *Repository) peel(id string) (string, error) {
	for {
		kind, text, err := r.historic(id)
		if errors.Is(err, errMissing) {
			return "", &MissingError{Commit: id, Depth: r.depth(), cause: err}
		}
		if err != nil || kind != plumbing.TagObject {
			return id, err
		}
		first, _, _ := strings.Cut(string(text), "\n")
		id = strings.TrimPrefix(first, "object ")
	}
}

// DefaultBranch returns the branch that others are merged into, in a form that Resolve takes: what the remote says, or
// else a branch with a usual name.
func (r *Repository) DefaultBranch() (string, error) {
	if name := r.remoteDefault(); name != "" {
		return name, nil
	}
	names := []string{"origin/main", "origin/master", "main", "master"}
	if configured := r.config.Section("init").Option("defaultBranch"); configured != "" {
		names = append(names, "origin/"+configured, configured)
	}
	for _, name := range names {
		if _, err := r.Resolve(name); err == nil {
			return name, nil
		}
	}
	return "", errors.New("finding the default branch: there is no origin/HEAD, main or master here; say what to compare with by --base")
}

// remoteDefault reads where origin/HEAD points to; "" if nowhere.
func (r *Repository) remoteDefault() string {
	if r.foreign {
		name, err := r.program.line("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
		if err != nil {
			return ""
		}
		return name
	}
	ref, err := r.storage.Reference("refs/remotes/origin/HEAD")
	if err != nil || ref.Type() != plumbing.SymbolicReference {
		return ""
	}
	if _, err := r.Resolve(string(ref.Target())); err != nil {
		return ""
	}
	return strings.TrimPrefix(string(ref.Target()), "refs/remotes/")
}

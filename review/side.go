package review

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

// A side is one state of the manifests.
type side struct {
	// label is the side's part in the comparison, name what people call it.
	label, name string
	tree        *tree.Tree
	// file is the side's only file, where it is one file of YAML.
	file string
	// origin is the address of the repository that the tree is of; empty if it is of none, or that has no remote origin.
	origin string
	// dir is where the caller stands in the tree, "." for its root: the folder that named targets are relative to.
	dir string
}

// where says which side is meant; nothing where there is one only.
func (s *side) where() string {
	if s.label == "" {
		return ""
	}
	return fmt.Sprintf(" on the %s side", s.label)
}

// An opener opens the sides of one run.
type opener struct {
	ctx context.Context // of fetching; nil where nothing is fetched
	o   Options
	// alone says that there is one side only, which no flag names.
	alone   bool
	repo    *tree.Repository
	tried   bool
	repoErr error
	stdin   bool
	// closeCache closes the cache of a run on one state; nil if there is none.
	closeCache func() error
}

// sides opens base and head, by their defaults where the options leave them open.
func (p *opener) sides() (base, head *side, err error) {
	if p.o.Head == "" {
		head, err = p.workingTree("head")
	} else {
		head, err = p.open("head", p.o.Head)
	}
	if err != nil {
		return nil, nil, err
	}
	if p.o.Base == "" {
		base, err = p.mergeBase()
	} else {
		base, err = p.open("base", p.o.Base)
	}
	return base, head, err
}

// repository opens the repository that the caller stands in.
func (p *opener) repository() (*tree.Repository, error) {
	if !p.tried {
		p.tried = true
		p.repo, p.repoErr = tree.OpenRepository(p.dir())
		if p.repoErr == nil && p.ctx != nil && p.o.Fetch != nil {
			p.repo.AllowFetch(p.ctx, *p.o.Fetch)
		}
	}
	return p.repo, p.repoErr
}

// close closes the repository; trees of commits cannot be read afterwards.
func (p *opener) close() {
	if p.closeCache != nil {
		_ = p.closeCache() // what went wrong before was told when all was rendered
	}
	if p.repo != nil {
		p.repo.Close()
	}
}

func (p *opener) dir() string {
	if p.o.Dir == "" {
		return "."
	}
	return p.o.Dir
}

// flag is how a side is named in an error.
func (p *opener) flag(label string) string {
	if p.alone {
		return ""
	}
	return "--" + label + " "
}

func (p *opener) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.dir(), name)
}

func (p *opener) workingTree(label string) (*side, error) {
	repo, err := p.repository()
	if err != nil {
		return nil, usagef("--%s is not given, and its default is the working tree of a git repository: %w", label, err)
	}
	t, err := repo.WorkingTree()
	if err != nil {
		return nil, usagef("reading the working tree: %w", err)
	}
	return &side{label: label, name: "working tree", tree: t, dir: p.within(repo), origin: repo.Origin()}, nil
}

// within is the caller's folder as a path in the repository.
func (p *opener) within(repo *tree.Repository) string {
	dir, err := filepath.Abs(p.dir())
	if err != nil {
		return "."
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	rel, err := filepath.Rel(repo.Root(), dir)
	if err != nil || !filepath.IsLocal(rel) {
		return "."
	}
	return filepath.ToSlash(rel)
}

// mergeBase is the default base: where head, or HEAD if head is no revision, left the default branch.
func (p *opener) mergeBase() (*side, error) {
	repo, err := p.repository()
	if err != nil {
		return nil, usagef("--base is not given, and its default comes from a git repository: %w", err)
	}
	tip := "HEAD"
	if p.o.Head != "" && !p.isPath(p.o.Head) {
		tip = p.o.Head
	}
	branch, err := repo.DefaultBranch()
	if err != nil {
		return nil, usagef("--base is not given, and the default branch is not known: %w; give --base a revision", err)
	}
	hash, err := mergeBase(repo, tip, branch)
	if err != nil {
		return nil, usagef("--base is not given, and %s has no known merge base with %s: %w; give --base a revision", tip, branch, err)
	}
	s, err := p.commit("base", hash, fmt.Sprintf("merge base with %s", branch))
	if err != nil {
		return nil, usagef("--base is not given, and its default cannot be read: %w", err)
	}
	return s, nil
}

func mergeBase(repo *tree.Repository, tip, branch string) (string, error) {
	a, err := repo.Resolve(tip)
	if err != nil {
		return "", err
	}
	b, err := repo.Resolve(branch)
	if err != nil {
		return "", err
	}
	return repo.MergeBase(a, b)
}

var fullHash = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// looksLikePath tells whether a name can be nothing but a path.
func looksLikePath(name string) bool {
	slash := filepath.ToSlash(name)
	return name == "." || name == ".." || strings.HasPrefix(slash, "./") || strings.HasPrefix(slash, "../") || filepath.IsAbs(name)
}

// isPath tells whether a side's name is taken as a path.
func (p *opener) isPath(name string) bool {
	if name == "-" || looksLikePath(name) {
		return true
	}
	_, err := os.Stat(p.path(name))
	return err == nil && !fullHash.MatchString(name)
}

// open opens the side that a name means. Guessing between a revision and a path of one name could compare the wrong
// things without anybody noticing, so it is refused; git does the same.
func (p *opener) open(label, name string) (*side, error) {
	switch {
	case name == "-":
		return p.standardInput(label)
	case looksLikePath(name):
		return p.onDisk(label, name)
	}
	revision, err := p.revision(label, name)
	if err == nil && p.isPath(name) {
		return nil, usagef("%s%s is both a revision and a path: write ./%s for the path, or a longer name such as refs/heads/%s for the revision", p.flag(label), name, name, name)
	}
	if err != nil && p.isPath(name) {
		return p.onDisk(label, name)
	}
	if err != nil {
		return nil, usagef("%s%s: there is no such file or folder, and it is no revision: %w", p.flag(label), name, err)
	}
	return revision, nil
}

func (p *opener) revision(label, name string) (*side, error) {
	repo, err := p.repository()
	if err != nil {
		return nil, err
	}
	hash, err := repo.Resolve(name)
	if err != nil {
		return nil, err
	}
	return p.commit(label, hash, name)
}

func (p *opener) commit(label, hash, name string) (*side, error) {
	repo, err := p.repository()
	if err != nil {
		return nil, err
	}
	t, err := repo.Commit(hash)
	if err != nil {
		return nil, err
	}
	short := hash[:min(len(hash), 10)]
	if name == hash {
		name = short
	} else {
		name = fmt.Sprintf("%s (%s)", name, short)
	}
	return &side{label: label, name: name, tree: t, dir: p.within(repo), origin: repo.Origin()}, nil
}

func (p *opener) onDisk(label, name string) (*side, error) {
	info, err := os.Stat(p.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("%s%s: there is no such file or folder", p.flag(label), name)
	}
	if err != nil {
		return nil, usagef("%s%s: %w", p.flag(label), name, err)
	}
	open := tree.File
	if info.IsDir() {
		open = tree.Folder
	}
	t, err := open(p.path(name))
	if err != nil {
		return nil, usagef("%s%s: %w", p.flag(label), name, err)
	}
	s := &side{label: label, name: name, tree: t, dir: "."}
	if !info.IsDir() {
		s.file = filepath.Base(name)
	}
	return s, nil
}

// standardInput is a side whose text the caller hands over.
func (p *opener) standardInput(label string) (*side, error) {
	if p.stdin || p.o.Stdin == nil {
		return nil, usagef("%s-: standard input can be read once; give the other side as a file", p.flag(label))
	}
	p.stdin = true
	text, err := io.ReadAll(p.o.Stdin)
	if err != nil {
		return nil, usagef("%s-: reading standard input: %w", p.flag(label), err)
	}
	const file = "stdin"
	return &side{label: label, name: "standard input", tree: tree.Memory(map[string][]byte{file: text}), file: file, dir: "."}, nil
}

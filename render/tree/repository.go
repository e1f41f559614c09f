package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	gitconfig "github.com/go-git/go-git/v5/plumbing/format/config"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

// Repository reads the commits and the working tree of a git repository. It is safe for concurrent use.
type Repository struct {
	root    string
	gitDir  string // HEAD and the index; a linked worktree has its own
	common  string // objects, branches and configuration
	storage *filesystem.Storage
	config  *gitconfig.Config
	objects objects
	// program is the git program; nil where there is none.
	program *program
	// foreign says that go-git cannot read names and objects here.
	foreign bool
	shallow map[string]bool
	// fetches is nil where nothing may be fetched.
	fetches *fetching
}

// objects is where commits, folders and files are found by name. A name that is not there is errMissing.
type objects interface {
	object(id string) (plumbing.ObjectType, []byte, error)
	Close() error
}

var errMissing = errors.New("the object is missing")

// OpenRepository finds the repository that dir is in. The caller closes it.
func OpenRepository(dir string) (*Repository, error) {
	root, gitDir, err := findGitDir(dir)
	if err != nil {
		return nil, err
	}
	r := &Repository{root: root, gitDir: gitDir}
	if r.common, err = commonDir(gitDir); err != nil {
		return nil, fmt.Errorf("opening the repository %s: %w", root, err)
	}
	if err := r.readConfig(); err != nil {
		return nil, fmt.Errorf("opening the repository %s: reading its config: %w", root, err)
	}
	files := dotgit.NewRepositoryFilesystem(osfs.New(r.gitDir), osfs.New(r.common))
	r.storage = filesystem.NewStorage(files, cache.NewObjectLRUDefault())
	if err := r.chooseObjects(); err != nil {
		return nil, fmt.Errorf("opening the repository %s: %w", root, err)
	}
	if err := r.readShallow(); err != nil {
		return nil, fmt.Errorf("opening the repository %s: reading where its history is cut: %w", root, err)
	}
	return r, nil
}

// Origin is the address of the remote origin as it is configured; "" if there is none.
func (r *Repository) Origin() string {
	return r.config.Section("remote").Subsection("origin").Option("url")
}

// Root is the folder that the working tree is in.
func (r *Repository) Root() string { return r.root }

// Close closes the files and the program that the repository holds open; its trees cannot be read afterwards.
func (r *Repository) Close() error { return r.objects.Close() }

// findGitDir walks up from dir to the folder that holds .git: a folder, or in linked worktrees and submodules a file
// that names one.
func findGitDir(dir string) (root, gitDir string, err error) {
	start, err := filepath.Abs(dir)
	if err != nil {
		return "", "", fmt.Errorf("finding the repository of %s: %w", dir, err)
	}
	if start, err = filepath.EvalSymlinks(start); err != nil {
		return "", "", fmt.Errorf("finding the repository of %s: %w", dir, err)
	}
	for root = start; ; root = filepath.Dir(root) {
		dotGit := filepath.Join(root, ".git")
		about, err := os.Stat(dotGit)
		switch {
		case err == nil && about.IsDir():
			return root, dotGit, nil
		case err == nil:
			gitDir, err := readGitFile(dotGit)
			return root, gitDir, err
		case root == filepath.Dir(root):
			return "", "", fmt.Errorf("%s is in no git repository; name two folders or files with --base and --head", dir)
		}
	}
}

func readGitFile(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", file, err)
	}
	to, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir:")
	if !ok {
		return "", fmt.Errorf("reading %s: it does not begin with \"gitdir:\"", file)
	}
	return from(filepath.Dir(file), strings.TrimSpace(to)), nil
}

// commonDir is the folder that a linked worktree shares with its repository: gitrepository-layout(5).
func commonDir(gitDir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(gitDir, "commondir"))
	if errors.Is(err, fs.ErrNotExist) {
		return gitDir, nil
	}
	if err != nil {
		return "", err
	}
	return from(gitDir, strings.TrimSpace(string(text))), nil
}

// from is a path that may be relative to a folder.
func from(dir, path string) string {
	if path = filepath.FromSlash(path); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// readConfig reads the file with no opinion on what is in it: extensions that go-git refuses to open concern mostly
// what this package does not touch.
func (r *Repository) readConfig() error {
	r.config = gitconfig.New()
	f, err := os.Open(filepath.Join(r.common, "config"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return gitconfig.NewDecoder(f).Decode(r.config)
}

// chooseObjects picks who reads: go-git, the git program where go-git does not know the format, or first one and then
// the other where a partial clone lacks objects.
func (r *Repository) chooseObjects() error {
	extensions := r.config.Section("extensions")
	format, refs := extensions.Option("objectFormat"), extensions.Option("refStorage")
	r.foreign = format != "" && !strings.EqualFold(format, "sha1") || refs != "" && !strings.EqualFold(refs, "files")
	r.program = findProgram(r.gitDir, r.common)
	if r.foreign {
		if r.program == nil {
			return fmt.Errorf("it keeps its objects or branches in a format (%s%s) that needs the git program, and there is none; install git, or name two folders with --base and --head", format, refs)
		}
		r.objects = r.program
		return nil
	}
	stores, err := openStores(filepath.Join(r.common, "objects"))
	if err != nil {
		return err
	}
	r.objects = stores
	if r.isPartial() {
		r.objects = &partial{here: stores, program: r.program}
	}
	return nil
}

// isPartial tells whether the clone has left out objects that it can fetch later.
func (r *Repository) isPartial() bool {
	if r.config.Section("extensions").Option("partialClone") != "" {
		return true
	}
	for _, remote := range r.config.Section("remote").Subsections {
		if remote.Option("promisor") == "true" {
			return true
		}
	}
	return false
}

// readShallow reads the commits at which the history is cut.
func (r *Repository) readShallow() error {
	text, err := os.ReadFile(filepath.Join(r.common, "shallow"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	r.shallow = make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		r.shallow[strings.TrimSpace(line)] = true
	}
	return err
}

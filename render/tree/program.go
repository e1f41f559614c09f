package tree

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// program is the git program, for what go-git cannot read. It gets commands that only read; what a partial clone
// fetches on the way goes to a folder that is deleted afterwards, not to the repository.
type program struct {
	path, gitDir, common string
	// work is the folder that it runs in; gitDir if empty.
	work string
	// ctx ends a command that takes too long; nil if none does.
	ctx context.Context

	mu      sync.Mutex
	cat     *exec.Cmd // git cat-file --batch, once started
	asks    io.WriteCloser
	answers *bufio.Reader
	said    bytes.Buffer
	fetched string // where fetched objects go
}

// findProgram returns the git program for a repository, or nil if there is none.
func findProgram(gitDir, common string) *program {
	path, err := exec.LookPath("git")
	if err != nil {
		return nil
	}
	return &program{path: path, gitDir: gitDir, common: common}
}

// command prepares a call that runs nothing that the repository configures. The folder's owner does not matter: in a
// container the checkout mostly belongs to another user, and git reads no more of it here than this program does.
func (p *program) command(args ...string) *exec.Cmd {
	fixed := []string{"--git-dir=" + p.gitDir, "--no-pager", "--no-replace-objects",
		"-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull,
		"-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "fetch.writeCommitGraph=false"}
	cmd := exec.CommandContext(cmp.Or(p.ctx, context.Background()), p.path, append(fixed, args...)...)
	cmd.Dir = cmp.Or(p.work, p.gitDir)
	for _, v := range cmd.Environ() {
		if name, _, _ := strings.Cut(v, "="); !redirects[name] {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	return cmd
}

// redirects are the variables that would make git read another repository.
var redirects = map[string]bool{
	"GIT_DIR": true, "GIT_WORK_TREE": true, "GIT_INDEX_FILE": true, "GIT_COMMON_DIR": true, "GIT_NAMESPACE": true,
	"GIT_OBJECT_DIRECTORY": true, "GIT_ALTERNATE_OBJECT_DIRECTORIES": true, "GIT_PREFIX": true,
}

// run returns what a command prints.
func (p *program) run(args ...string) ([]byte, error) {
	cmd := p.command(args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("running git %s: %w: %s", args[0], err, firstLine(said.String()))
	}
	return out, nil
}

// line returns the first line that a command prints.
func (p *program) line(args ...string) (string, error) {
	out, err := p.run(args...)
	return firstLine(string(out)), err
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// start begins a git cat-file that answers for the whole life of the repository.
func (p *program) start() (err error) {
	if p.fetched == "" {
		if p.fetched, err = os.MkdirTemp("", "netpol-impact-objects-"); err != nil {
			return err
		}
	}
	cmd := p.command("cat-file", "--batch")
	cmd.Env = append(cmd.Env, "GIT_OBJECT_DIRECTORY="+p.fetched,
		"GIT_ALTERNATE_OBJECT_DIRECTORIES="+strconv.Quote(filepath.Join(p.common, "objects")))
	p.said.Reset()
	cmd.Stderr = &p.said
	if p.asks, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cat, p.answers = cmd, bufio.NewReader(out)
	return nil
}

func (p *program) object(id string) (plumbing.ObjectType, []byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cat == nil {
		if err := p.start(); err != nil {
			return 0, nil, fmt.Errorf("starting git cat-file: %w", err)
		}
	}
	kind, text, err := p.ask(id)
	if err != nil && !errors.Is(err, errMissing) {
		err = fmt.Errorf("reading from git cat-file: %w", err)
	}
	return kind, text, err
}

// ask gets one object: git-cat-file(1), "BATCH OUTPUT".
func (p *program) ask(id string) (plumbing.ObjectType, []byte, error) {
	if _, err := io.WriteString(p.asks, id+"\n"); err != nil {
		return 0, nil, err
	}
	header, err := p.answers.ReadString('\n')
	if errors.Is(err, io.EOF) {
		// git gives up when it cannot fetch what a partial clone left out.
		p.stop()
		return 0, nil, fmt.Errorf("%w, and git could not fetch it: %s", errMissing, firstLine(p.said.String()))
	}
	if err != nil {
		return 0, nil, err
	}
	fields := strings.Fields(header)
	if len(fields) != 3 {
		return 0, nil, errMissing
	}
	kind, err := plumbing.ParseObjectType(fields[1])
	if err != nil {
		return 0, nil, err
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil {
		return 0, nil, err
	}
	if size > maxFileSize {
		if _, err := p.answers.Discard(size + 1); err != nil {
			return 0, nil, err
		}
		return 0, nil, errTooLarge
	}
	text := make([]byte, size+1) // and the line's end
	if _, err := io.ReadFull(p.answers, text); err != nil {
		return 0, nil, err
	}
	return kind, text[:size], nil
}

// stop ends git cat-file. How it ends does not matter: every answer was read.
func (p *program) stop() {
	if p.cat == nil {
		return
	}
	p.asks.Close()
	_ = p.cat.Wait()
	p.cat = nil
}

// Close ends the program and deletes what it fetched.
func (p *program) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fetched == "" {
		return nil
	}
	p.stop()
	err := os.RemoveAll(p.fetched)
	p.fetched = ""
	return err
}

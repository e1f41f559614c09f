package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Work is what a child does: from a tree and an order it makes an answer. It runs in a process of its own, alone.
type Work func(tree fs.FS, order []byte) (answer []byte, err error)

// A Task is a piece of work that a child can be started for.
type Task struct{ name string }

// childName is the first argument, in the place of the program's name, that makes a process a child. No user types it by
// mistake, and every binary that can start a child, a test's too, can be one.
const childName = "netpol-impact-sandbox"

// Define names a piece of work. It must be called once for each name while packages are initialised: in a child of this
// task it does the work and ends the process, before anything else of the program starts.
func Define(name string, work Work) *Task {
	if len(os.Args) == 2 && os.Args[0] == childName && os.Args[1] == name {
		os.Exit(child(work))
	}
	return &Task{name: name}
}

// Run has a child of its own do the work. A cause that is the work's own is returned as it was told; a limit that was
// reached is a [*LimitError].
func (t *Task) Run(ctx context.Context, limits Limits, tree fs.FS, order []byte) ([]byte, error) {
	s := t.Series(limits)
	defer s.Close()
	return s.Run(ctx, tree, order)
}

// A Series does several orders one after the other in one child, as long as that lives. What an order leaves behind in
// the child meets the next one: an order must be trusted at least as far as those after it. A Series is for one goroutine.
type Series struct {
	task   *Task
	limits Limits
	child  *running
}

// Series returns a series whose child is started when it is needed. The caller closes it.
func (t *Task) Series(limits Limits) *Series { return &Series{task: t, limits: limits.Or(Defaults)} }

// Close ends the child.
func (s *Series) Close() {
	if s.child != nil {
		_ = s.child.end()
		s.child = nil
	}
}

// Run does one order as [Task.Run] does.
func (s *Series) Run(ctx context.Context, tree fs.FS, order []byte) ([]byte, error) {
	timed, cancel := context.WithTimeoutCause(ctx, s.limits.Time, errTime)
	defer cancel()
	if s.child == nil {
		var err error
		if s.child, err = s.task.start(s.limits); err != nil {
			return nil, fmt.Errorf("starting a process for it: %w", err)
		}
	}
	child := s.child
	stopped := context.AfterFunc(timed, child.kill)
	answer, err := child.converse(s.limits, tree, order)
	if stopped() && (err == nil || isSent(err)) {
		return answer, err
	}
	// The child cannot go on.
	child.kill()
	s.child = nil
	ended := child.end()
	switch {
	case errors.Is(context.Cause(timed), errTime):
		return nil, s.limits.exceeded("time")
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, child.explain(s.limits, err, ended)
}

var errTime = errors.New("the time is over")

// isSent tells whether an error is the work's own, as the child told it.
func isSent(err error) bool {
	var sent *sentError
	return errors.As(err, &sent)
}

// A running child.
type running struct {
	command *exec.Cmd
	in      *bufio.Writer
	out     *bufio.Reader
	close   io.Closer
	said    *said
}

// start starts a child, cut off from the network where that is allowed.
func (t *Task) start(limits Limits) (*running, error) {
	program, err := executable()
	if err != nil {
		return nil, err
	}
	about, err := json.Marshal(limits)
	if err != nil {
		return nil, err
	}
	r, err := t.startAs(program, canBeApart())
	if err != nil && canBeApart() {
		if r, err = t.startAs(program, false); err == nil {
			cannotBeApart()
		}
	}
	if err != nil {
		return nil, err
	}
	_ = writeFrame(r.in, frameLimits, about) // a child that is gone already says so when it is asked
	return r, nil
}

func (t *Task) startAs(program string, apart bool) (*running, error) {
	c := exec.Command(program)
	c.Args = []string{childName, t.name}
	// Nothing of the parent's. Kustomize and Helm work on one core, beside which the collector runs; it pays to let a short
	// life collect less, but not to make it touch much more memory.
	c.Env = []string{"GOMAXPROCS=2", "GOGC=200"}
	r := &running{command: c, said: new(said)}
	c.Stderr, c.WaitDelay = r.said, 5*time.Second
	setUp(c, apart)
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.in, r.out, r.close = bufio.NewWriter(in), bufio.NewReader(out), in
	return r, c.Start()
}

func (r *running) kill() { killGroup(r.command.Process) }

// end waits until the child is gone.
func (r *running) end() error {
	_ = r.close.Close() // a child whose parent says no more ends
	return r.command.Wait()
}

// converse gives the order, answers the child's questions and returns its answer. Nothing of what the child says is
// trusted.
func (r *running) converse(limits Limits, tree fs.FS, order []byte) ([]byte, error) {
	if err := writeFrame(r.in, frameOrder, order); err != nil {
		return nil, err
	}
	var answer []byte
	files, input := 0, int64(0)
	for {
		f, err := readFrame(r.out, maxFrame)
		if err != nil {
			return nil, err
		}
		switch f.kind {
		case framePart:
			if int64(len(answer)+len(f.text)) > limits.Output {
				return nil, limits.exceeded("output")
			}
			answer = append(answer, f.text...)
		case frameEnd:
			return answer, nil
		case frameFailed:
			return nil, decodeError(f.text)
		case framePanic:
			return nil, &crashError{string(f.text)}
		case askFile, askNames, askStat, askSize:
			if files++; files > limits.Files {
				return nil, limits.exceeded("files")
			}
			text, err := reply(tree, f.kind, string(f.text))
			if input += int64(len(text)); input > limits.Input {
				return nil, limits.exceeded("input")
			}
			kind := byte(frameFile)
			if err != nil {
				kind, text = frameNone, encodeError(err)
			}
			if err := writeFrame(r.in, kind, text); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%w: a message of kind %q", errNonsense, f.kind)
		}
	}
}

var errNonsense = errors.New("the process answered nonsense")

// A crashError is a crash of the work.
type crashError struct{ text string }

func (e *crashError) Error() string {
	return "it crashed the program (" + e.text + "), which is a mistake in the program or in a library of its; please report this"
}

// explain finds why a child has no answer: in what it said at the end, how it ended, and why the conversation did.
func (r *running) explain(limits Limits, failed error, ended error) error {
	var limit *LimitError
	var crash *crashError
	if errors.As(failed, &limit) || errors.As(failed, &crash) || errors.Is(failed, errNonsense) || errors.Is(failed, errLong) {
		return failed
	}
	fatal := r.said.fatal()
	code := -1
	if exit := (*exec.ExitError)(nil); errors.As(ended, &exit) {
		code = exit.ExitCode()
	}
	switch {
	case code == exitMemory, strings.Contains(fatal, "out of memory"), strings.Contains(fatal, "cannot allocate memory"):
		return limits.exceeded("memory")
	case code == exitTime:
		return limits.exceeded("time")
	case strings.Contains(fatal, "stack overflow"):
		return errors.New("it calls itself without end, deeper than the program's stack")
	case strings.HasPrefix(fatal, "runtime/cgo: pthread_create failed"), strings.HasPrefix(fatal, "runtime: failed to create new OS thread"), strings.Contains(fatal, "thread exhaustion"):
		// A thread's stack is memory, too, and that it is missing is all that the process was told.
		return fmt.Errorf("it got no more threads: unless the system allows no more processes, %w", limits.exceeded("memory"))
	case fatal != "":
		return &crashError{fatal}
	case ended != nil && code < 0:
		return fmt.Errorf("its process was ended by the system (%v), perhaps because memory is short; try again with fewer at a time (GOMAXPROCS), or find what needs so much", ended)
	case ended != nil:
		return fmt.Errorf("its process ended without an answer (%v): %s", ended, r.said.last())
	}
	return fmt.Errorf("its process gave no answer: %w", failed)
}

// said keeps the beginning and the end of what a child writes to its standard error.
type said struct{ first, late bytes.Buffer }

const maxSaid = 16 << 10

func (s *said) Write(text []byte) (int, error) {
	length := len(text)
	n := min(len(text), maxSaid-s.first.Len())
	s.first.Write(text[:n])
	for text = text[n:]; len(text) > 0; text = text[n:] {
		if s.late.Len() >= maxSaid {
			s.late.Next(s.late.Len() / 2)
		}
		n = min(len(text), maxSaid-s.late.Len())
		s.late.Write(text[:n])
	}
	return length, nil
}

// fatal is the line with which Go's runtime ends a process, with the place in the program if it is told.
func (s *said) fatal() string {
	for _, text := range []string{s.first.String(), s.late.String()} {
		for line := range strings.Lines(text) {
			for _, prefix := range []string{"fatal error: ", "panic: ", "runtime: out of memory", "runtime: failed to create new OS thread", "runtime/cgo: "} {
				if strings.HasPrefix(line, prefix) {
					return clip(strings.TrimSpace(line))
				}
			}
		}
	}
	return ""
}

func (s *said) last() string {
	lines := strings.Split(strings.TrimSpace(s.first.String()+s.late.String()), "\n")
	return clip(strings.TrimSpace(lines[len(lines)-1]))
}

// clip bounds a line that goes into a message.
func clip(line string) string {
	const most = 300
	if len(line) > most {
		line = line[:most] + "…"
	}
	return line
}

package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"time"
)

// How a child ends.
const (
	exitDone   = 0
	exitLost   = 70 // its parent is gone, or speaks nonsense
	exitMemory = 71
	exitTime   = 72
)

// child is the whole life of a child. It is called while packages are initialised, on a goroutine that is bound to its
// thread; work goes on on another one.
func child(work Work) int {
	done := make(chan int)
	go func() { done <- serve(work, os.Stdin, os.Stdout) }()
	return <-done
}

func serve(work Work, stdin io.Reader, stdout io.Writer) int {
	// Libraries that print must not speak to the parent.
	os.Stdout = os.Stderr
	log.SetOutput(io.Discard)
	http.DefaultTransport = noNetwork{}
	in, out := bufio.NewReader(stdin), bufio.NewWriter(stdout)
	limits, err := readLimits(in)
	if err != nil {
		fmt.Fprintln(os.Stderr, "this is a part of netpol-impact that only itself starts:", err)
		return exitLost
	}
	refused := confine(limits)
	debug.SetMaxStack(maxStack)
	debug.SetMemoryLimit(limits.Memory / 4 * 3)
	go watchMemory(limits.Memory)
	frames := received(in)
	for f := range frames {
		if f.kind != frameOrder {
			return exitLost
		}
		late := time.AfterFunc(limits.Time+graceTime, func() { os.Exit(exitTime) })
		var answer []byte
		err := refused
		if err == nil {
			answer, err = safely(work, &remoteTree{out: out, in: frames, known: make(map[question]answerTo)}, f.text)
		}
		late.Stop()
		if code := deliver(out, answer, err); code != exitDone {
			return code
		}
	}
	return exitDone
}

const (
	// maxStack is deep enough for what Helm and templates bound by themselves.
	maxStack = 256 << 20
	// graceTime is how much later than its parent the child ends itself: it does so only if the parent was stopped.
	graceTime = 5 * time.Second
)

func readLimits(in *bufio.Reader) (limits Limits, err error) {
	f, err := readFrame(in, 1<<16)
	if err == nil && f.kind != frameLimits {
		err = errNonsense
	}
	if err == nil {
		err = json.Unmarshal(f.text, &limits)
	}
	return limits, err
}

// received reads what the parent sends. When it sends no more, it is gone or has enough, and the child ends at once,
// whatever it is busy with.
func received(in *bufio.Reader) <-chan frame {
	all := make(chan frame)
	go func() {
		for {
			f, err := readFrame(in, maxFrame)
			if err != nil {
				os.Exit(exitLost)
			}
			all <- f
		}
	}()
	return all
}

// safely makes an error of a panic.
func safely(work Work, tree fs.FS, order []byte) (answer []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &crashError{clip(fmt.Sprintf("%v, at %s", p, crashSite()))}
		}
	}()
	return work(tree, order)
}

// crashSite is the line that panicked.
func crashSite() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return "an unknown line"
		}
	}
}

const partSize = 1 << 20

func deliver(out *bufio.Writer, answer []byte, err error) int {
	var crash *crashError
	switch {
	case errors.As(err, &crash):
		err = writeFrame(out, framePanic, []byte(crash.text))
	case err != nil:
		err = writeFrame(out, frameFailed, encodeError(err))
	default:
		for len(answer) > 0 && err == nil {
			n := min(len(answer), partSize)
			err = writeFrame(out, framePart, answer[:n])
			answer = answer[n:]
		}
		if err == nil {
			err = writeFrame(out, frameEnd)
		}
	}
	if err != nil {
		return exitLost
	}
	return exitDone
}

// watchMemory ends the process when it takes more memory than it may.
func watchMemory(most int64) {
	taken := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for range time.Tick(20 * time.Millisecond) {
		metrics.Read(taken)
		if int64(taken[0].Value.Uint64()-taken[1].Value.Uint64()) > most {
			os.Exit(exitMemory)
		}
	}
}

// noNetwork is in the place of HTTP's transport.
type noNetwork struct{}

func (noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("%s is remote, and nothing is fetched while rendering; commit a copy", r.URL)
}

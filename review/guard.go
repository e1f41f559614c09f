package review

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// guard makes an error of a panic: a mistake in the program must end with what is left of the report and exit code 3,
// not with a crash that looks like another code.
func guard[T any](work func() (T, error)) (out T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the program crashed (%v, at %s), which is a mistake in it; please report this", p, crashSite())
		}
	}()
	return work()
}

// guardUntil is guard for long work without input or output: once the context ends, nobody waits for it any more. It
// goes on until the process ends, and must only read what others read.
func guardUntil[T any](ctx context.Context, work func() (T, error)) (T, error) {
	type result struct {
		out T
		err error
	}
	done := make(chan result, 1)
	go func() {
		out, err := guard(work)
		done <- result{out, err}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	case got := <-done:
		return got.out, got.err
	}
}

// crashSite is the line that panicked, for a deferred function that recovers.
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

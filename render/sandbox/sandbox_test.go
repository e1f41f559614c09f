package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// The works of these tests. Each runs in a child, whose process is this test's binary.
var (
	echo   = Define("echo", func(_ fs.FS, order []byte) ([]byte, error) { return order, nil })
	reads  = Define("read", readAll)
	looks  = Define("look", lookAround)
	misdo  = Define("misdo", misbehave)
	counts = Define("count", func(_ fs.FS, _ []byte) ([]byte, error) { counted++; return fmt.Append(nil, counted), nil })
)

var counted int

// readAll walks a tree and prints what it finds.
func readAll(tree fs.FS, _ []byte) ([]byte, error) {
	var out bytes.Buffer
	err := fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%s %v\n", name, e.Type())
		if e.IsDir() {
			return nil
		}
		about, err := e.Info()
		if err != nil {
			return err
		}
		f, err := tree.Open(name)
		if err != nil {
			return err
		}
		var text bytes.Buffer
		_, err = text.ReadFrom(f)
		fmt.Fprintf(&out, "%d %q\n", about.Size(), text.String())
		return errors.Join(err, f.Close())
	})
	_, missing := fs.Stat(tree, "missing")
	fmt.Fprintf(&out, "%v %v\n", missing, errors.Is(missing, fs.ErrNotExist))
	return out.Bytes(), err
}

// lookAround tries to get at what a child must not have; the order is an address that listens, and a file.
func lookAround(_ fs.FS, order []byte) ([]byte, error) {
	address, file, _ := strings.Cut(string(order), " ")
	var out bytes.Buffer
	if environ := os.Environ(); len(environ) > 2 {
		fmt.Fprintln(&out, "environment:", environ)
	}
	if _, err := http.Get("http://" + address); err == nil || !strings.Contains(err.Error(), "nothing is fetched") {
		fmt.Fprintln(&out, "http:", err)
	}
	if runtime.GOOS == "linux" || runtime.GOOS == "darwin" {
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			fmt.Fprintln(&out, "connection to", c.RemoteAddr())
		}
		if _, err := os.ReadFile(file); err == nil {
			fmt.Fprintln(&out, "read", file)
		}
		if err := os.WriteFile(file, []byte("changed"), 0o600); err == nil {
			fmt.Fprintln(&out, "wrote", file)
		}
		self, err := os.Executable()
		if err == nil {
			err = exec.Command(self, "-test.run=^$").Run()
		}
		if err == nil {
			fmt.Fprintln(&out, "ran", self)
		}
	}
	for _, program := range []string{"git", "sh", "helm"} {
		if found, err := exec.LookPath(program); err == nil {
			fmt.Fprintln(&out, "found", found)
		}
	}
	return out.Bytes(), nil
}

func misbehave(tree fs.FS, order []byte) ([]byte, error) {
	switch string(order) {
	case "loop":
		for { //nolint:staticcheck // that is the point
			runtime.KeepAlive(order)
		}
	case "grow":
		var all [][]byte
		for {
			all = append(all, bytes.Repeat([]byte("x"), 1<<20)) //lint:ignore SA4010 it is kept to use memory up
		}
	case "threads":
		for {
			go func() {
				runtime.LockOSThread()
				select {}
			}()
			runtime.Gosched()
		}
	case "grow at once":
		return []byte{bytes.Repeat([]byte("x"), 1<<40)[1<<39]}, nil
	case "recurse":
		return fmt.Append(nil, recurse(0)), nil
	case "panic":
		var none map[string]int
		//lint:ignore SA5000 it is to panic
		none["x"] = 1
	case "panic elsewhere":
		go panic("nobody\nrecovers this")
		select {}
	case "exit":
		os.Exit(1)
	case "print":
		fmt.Println("this is no frame")
		fmt.Fprintln(os.Stderr, strings.Repeat("and neither is this\n", 10_000))
		return []byte("fine"), nil
	case "garbage":
		for {
			if _, err := os.NewFile(1, "stdout").WriteString("garbage garbage garbage"); err != nil {
				return nil, err
			}
		}
	case "unknown":
		_, err := os.NewFile(1, "stdout").Write([]byte{'?', 0, 0, 0, 0})
		return nil, err
	case "files":
		for i := range 1000 {
			_, _ = fs.Stat(tree, fmt.Sprint("f", i))
		}
	case "input":
		_, err := fs.ReadFile(tree, "large")
		return nil, err
	case "output":
		return make([]byte, 2<<20), nil
	case "mistake":
		return nil, &fs.PathError{Op: "read", Path: "a", Err: fs.ErrNotExist}
	}
	return nil, errors.New("nothing happened")
}

func recurse(depth int) int {
	return recurse(depth+1) + 1 //lint:ignore SA5007 it is to overflow the stack
}

func TestATreeIsSeenThroughThePipeAsItIs(t *testing.T) {
	tree := fstest.MapFS{
		"a.yaml": {Data: []byte("one")}, "dir/b.yaml": {Data: nil}, "dir/link": {Data: []byte("elsewhere"), Mode: fs.ModeIrregular},
		"large": {Data: bytes.Repeat([]byte("x"), 3<<20)},
	}
	want, err := readAll(tree, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := reads.Run(t.Context(), Limits{}, tree, nil)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %.500s (%v), want %.500s", got, err, want)
	}
}

func TestAChildHasNoTokenNoNetworkNoFilesAndNoPrograms(t *testing.T) {
	t.Setenv("GITHUB_TOKEN", "secret")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connected := make(chan net.Addr, 16)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				close(connected)
				return
			}
			connected <- c.RemoteAddr()
			c.Close()
		}
	}()
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, []byte("here"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := looks.Run(t.Context(), Limits{}, fstest.MapFS{}, []byte(listener.Addr().String()+" "+file))
	if err != nil || len(got) > 0 {
		t.Errorf("the child got at: %s (%v)", got, err)
	}
	listener.Close()
	for from := range connected {
		t.Errorf("the listener was reached from %v", from)
	}
	// That the listener listens and the file is there is shown by this process, which is not confined.
	if text, err := os.ReadFile(file); err != nil || string(text) != "here" {
		t.Errorf("the file holds %q (%v)", text, err)
	}
}

func TestWithoutANamespaceAChildIsConfined(t *testing.T) {
	defer refuseNamespaces()()
	TestAChildHasNoTokenNoNetworkNoFilesAndNoPrograms(t)
}

func TestEachWayToFailIsTold(t *testing.T) {
	tree := fstest.MapFS{"large": {Data: make([]byte, 2<<20)}}
	limits := Limits{Memory: 256 << 20, Files: 100, Input: 1 << 20, Output: 1 << 20}
	for _, test := range []struct{ order, limit, want string }{
		{"grow", "memory", "it needed more memory than 256MiB and was stopped at the limit memory=256MiB"},
		{"files", "files", "it read more than 100 files and was stopped at the limit files=100"},
		{"input", "input", "it read more than 1MiB of files and was stopped at the limit input=1MiB"},
		{"output", "output", "it rendered to more than 1MiB and was stopped at the limit output=1MiB"},
		{"recurse", "", "it calls itself without end"},
		{"panic", "", "it crashed the program (assignment to entry in nil map, at sandbox_test.go:"},
		{"panic elsewhere", "", "it crashed the program (panic: nobody"},
		{"exit", "", "its process ended without an answer (exit status 1)"},
		{"garbage", "", "a message is too long"},
		{"unknown", "", "the process answered nonsense: a message of kind '?'"},
		{"mistake", "", "read a: file does not exist"},
	} {
		t.Run(test.order, func(t *testing.T) {
			t.Parallel()
			if underRace && (test.order == "grow" || test.order == "recurse") {
				t.Skip("with the race detector on, its own allocator ends a process without memory, in words of its own; run without -race")
			}
			limits := limits
			if test.order == "recurse" {
				limits.Memory = 1 << 30 // the stack ends first
			}
			_, err := misdo.Run(t.Context(), limits, tree, []byte(test.order))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, test.want)
			}
			var limit *LimitError
			if errors.As(err, &limit) != (test.limit != "") || limit != nil && limit.Limit != test.limit {
				t.Errorf("got the limit %v, want %q", limit, test.limit)
			}
			if errors.Is(err, fs.ErrNotExist) != (test.order == "mistake") {
				t.Errorf("got %v for an error about a missing file", err)
			}
		})
	}
}

// Memory may run out where a thread's stack is to be made, of which only the system's word is known.
func TestAChildWithoutThreadsIsAtItsLimitOfMemory(t *testing.T) {
	if underRace {
		t.Skip("with the race detector on, its own allocator ends a process without memory, in words of its own; run without -race")
	}
	_, err := misdo.Run(t.Context(), Limits{Memory: 64 << 20}, fstest.MapFS{}, []byte("threads"))
	var limit *LimitError
	if !errors.As(err, &limit) || limit.Limit != "memory" {
		t.Errorf("got %v", err)
	}
	t.Log(err)
}

// The time is short, and a machine may be busy: what ends a loop must be the limit, however late.
func TestALoopEndsAtItsLimit(t *testing.T) {
	_, err := misdo.Run(t.Context(), Limits{Time: 100 * time.Millisecond}, fstest.MapFS{}, []byte("loop"))
	var limit *LimitError
	if !errors.As(err, &limit) || limit.Limit != "time" || limit.Value != "100ms" {
		t.Errorf("got %v", err)
	}
}

func TestAChildEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	tree := callFS(func(string) { cancel() })
	if _, err := misdo.Run(ctx, Limits{}, tree, []byte("input")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// callFS is a tree that calls a function when it is asked.
type callFS func(name string)

func (f callFS) Open(name string) (fs.File, error) { f(name); return nil, fs.ErrNotExist }

func TestWhatAWorkPrintsIsNoAnswer(t *testing.T) {
	got, err := misdo.Run(t.Context(), Limits{}, fstest.MapFS{}, []byte("print"))
	if err != nil || string(got) != "fine" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestLargeOrdersAndAnswersPass(t *testing.T) {
	order := bytes.Repeat([]byte("0123456789"), 1<<20)
	got, err := echo.Run(t.Context(), Limits{}, fstest.MapFS{}, order)
	if err != nil || !bytes.Equal(got, order) {
		t.Errorf("%d bytes came back of %d (%v)", len(got), len(order), err)
	}
}

func TestASeriesUsesOneChildAndSurvivesItsDeath(t *testing.T) {
	s := counts.Series(Limits{})
	defer s.Close()
	for _, want := range []string{"1", "2"} {
		if got, err := s.Run(t.Context(), fstest.MapFS{}, nil); err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %s", got, err, want)
		}
	}
	bad := misdo.Series(Limits{})
	defer bad.Close()
	for _, order := range []string{"mistake", "panic", "print"} {
		got, err := bad.Run(t.Context(), fstest.MapFS{}, []byte(order))
		if (string(got) == "fine") != (order == "print") {
			t.Errorf("%s: got %q, %v", order, got, err)
		}
	}
}

func TestLimitsAreReadFromText(t *testing.T) {
	var l Limits
	for _, text := range []string{"time=2m", "memory=4GiB", "files=7", "input=3MiB", "output=1GiB", "total=8GiB"} {
		if err := l.Set(text); err != nil {
			t.Error(err)
		}
	}
	if want := (Limits{2 * time.Minute, 4 << 30, 7, 3 << 20, 1 << 30, 8 << 30}); l != want {
		t.Errorf("got %+v, want %+v", l, want)
	}
	for _, text := range []string{"time", "time=0s", "time=soon", "memory=1KiB", "memory=4", "memory=-1GiB", "input=9999999999GiB", "files=0", "files=many", "disk=1GiB"} {
		if err := l.Set(text); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	for limit, want := range map[string]string{"time": "time=1m;", "memory": "memory=2GiB;", "files": "files=50000;", "output": "output=512MiB;", "total": "total=4GiB;"} {
		if err := Defaults.exceeded(limit); !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

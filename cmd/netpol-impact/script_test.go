package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite golden files and the expectations of scenarios")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"netpol-impact": main})
}

// TestScripts runs the scenarios: each is a base tree, a head tree, a command, what it must print and its exit code.
func TestScripts(t *testing.T) {
	testdata, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TESTDATA", testdata+"/../../testdata")
			// Git reads no configuration but the scenario's.
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			e.Setenv("GIT_CONFIG_GLOBAL", e.WorkDir+"/.gitconfig")
			return os.WriteFile(e.WorkDir+"/.gitconfig", []byte("[user]\nname = a\nemail = a@example.org\n[init]\ndefaultBranch = main\n"), 0o666)
		},
		// [race] holds with the race detector on, whose allocator ends a process without memory in words of its own.
		Condition: func(name string) (bool, error) {
			if name != "race" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			return underRace, nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits, "serve": serve, "servegit": serveGit, "fill": fill},
	})
}

// exits runs a command that must end with an exit code: exits 3 netpol-impact diff …
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT…]")
	}
	var failed *exec.ExitError
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if errors.As(err, &failed) {
		code = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, not %s", code, args[0])
	}
}

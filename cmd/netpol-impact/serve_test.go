package main

import (
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/netpol-impact/netpol-impact/internal/chartserver"
	"github.com/netpol-impact/netpol-impact/internal/gitserver"
)

// serve serves a scenario's folder: serve DIR. It sets $SERVER to its address, $REPOSITORY to that of the chart repository
// and $REGISTRY to that of the registry with its charts.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve DIR")
	}
	s, err := chartserver.New(os.DirFS(ts.MkAbs(args[0])))
	ts.Check(err)
	ts.Defer(s.Close)
	ts.Setenv("SERVER", s.URL)
	ts.Setenv("REPOSITORY", s.Repository())
	ts.Setenv("REGISTRY", s.Registry())
}

// serveGit serves the repositories below a scenario's folder: servegit DIR. It sets $GIT to the address of the folder.
func serveGit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: servegit DIR")
	}
	s, err := gitserver.Start(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(s.Close)
	ts.Setenv("GIT", s.URL)
}

// fill puts the values of variables into files: fill FILE….
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: fill FILE…")
	}
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o666))
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/review"
)

// A program is one run: what it was given, and where it writes.
type program struct {
	env            func(name string) string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run is the whole program but for the operating system. It returns the exit code.
func run(ctx context.Context, args []string, env func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{env: env, stdin: stdin, stdout: stdout, stderr: stderr}
	root := p.command()
	root.SetArgs(args)
	ran, err := root.ExecuteContextC(ctx)
	var code exitCode
	switch {
	case err == nil:
		return review.ExitClean
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(stderr, "netpol-impact: %v\n", err)
	var failed *failure
	if errors.As(err, &failed) {
		return review.ExitIncomplete
	}
	var usage *review.UsageError
	if !errors.As(err, &usage) {
		fmt.Fprintf(stderr, "See %s --help.\n", ran.CommandPath())
	}
	return review.ExitUsage
}

// An exitCode ends the program with a code after everything was said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// end is the error that ends the program with a code.
func end(code int) error {
	if code == review.ExitClean {
		return nil
	}
	return exitCode(code)
}

// A failure is an error that is neither the caller's nor the manifests': it ends the program with exit code 3.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func (p *program) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "netpol-impact",
		Short: "Tell which network connections a change of Kubernetes manifests blocks or opens",
		Long: `netpol-impact tells which network connections a change of Kubernetes manifests
blocks or opens, how bad that is and which line causes it, before it is merged.

Exit codes: 0 clean · 1 the gate failed · 2 usage or configuration ·
3 something could not be analysed.`,
		Example: `  netpol-impact diff
  netpol-impact diff --base main --output comment.md --output result.json
  netpol-impact list overlays/prod
  netpol-impact test`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.AddCommand(p.diff(), p.list(), p.explain(), p.policies(), p.test(), p.waive(), p.config(), p.targets(), p.render(), p.action(), p.version())
	return root
}

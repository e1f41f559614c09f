package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// golden compares a file with what it must hold, or writes it with -update.
func golden(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not up to date; run: go test ./cmd/netpol-impact -update", file)
	}
}

// TestTheReferenceIsGenerated keeps docs/cli.md the same as --help.
func TestTheReferenceIsGenerated(t *testing.T) {
	p := &program{env: func(string) string { return "" }, stdout: io.Discard, stderr: io.Discard}
	var text bytes.Buffer
	text.WriteString("# Command line\n\nGenerated from `netpol-impact --help`; `go test ./cmd/netpol-impact -update` writes it.\n")
	root := p.command()
	describe(&text, root)
	for _, c := range root.Commands() {
		describe(&text, c)
		for _, sub := range c.Commands() {
			describe(&text, sub)
		}
	}
	golden(t, "../../docs/cli.md", text.Bytes())
}

func describe(w io.Writer, c *cobra.Command) {
	fmt.Fprintf(w, "\n## %s\n\n%s\n\n```\n%s\n```\n", c.CommandPath(), c.Long, c.UseLine())
	if c.Long == "" {
		// A command without a long text has a short one that says it all.
		fmt.Fprintf(w, "\n%s.\n", c.Short)
	}
	if c.Example != "" {
		fmt.Fprintf(w, "\nExamples:\n\n```sh\n%s\n```\n", dedent(c.Example))
	}
	if flags := c.LocalNonPersistentFlags(); flags.HasAvailableFlags() {
		fmt.Fprint(w, "\n| flag | what it does |\n|---|---|\n")
		flags.VisitAll(func(f *pflag.Flag) {
			name := "`--" + f.Name + "`"
			if f.Shorthand != "" {
				name = "`-" + f.Shorthand + "`, " + name
			}
			usage := f.Usage
			if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
				usage += " (default: " + f.DefValue + ")"
			}
			fmt.Fprintf(w, "| %s | %s |\n", name, usage)
		})
	}
}

func dedent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}

// TestTheReadmeShowsARealComment keeps the comment in README.md what the program prints for the included example, as far
// as it is not folded.
func TestTheReadmeShowsARealComment(t *testing.T) {
	const begin, end = "<!-- example: begin (generated) -->\n", "<!-- example: end -->\n"
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(readme, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		t.Fatalf("README.md has lost the markers %q and %q", begin, end)
	}
	var comment, stderr bytes.Buffer
	t.Chdir("../..")
	run(t.Context(), []string{"diff", "--base", "testdata/boutique/base", "--head", "testdata/boutique/head", "--format", "markdown"},
		func(string) string { return "" }, nil, &comment, &stderr)
	if stderr.Len() > 0 {
		t.Fatal(stderr.String())
	}
	seen, _, folds := bytes.Cut(comment.Bytes(), []byte("<details>"))
	if !folds {
		t.Fatal("the comment has nothing that is folded")
	}
	golden(t, "README.md", bytes.Join([][]byte{before, []byte(begin), seen, []byte(end), after}, nil))
}

// TestTheReadmesCommandEndsClean runs the command that a newcomer tries first.
func TestTheReadmesCommandEndsClean(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const program = "go run ./cmd/netpol-impact "
	_, rest, ok := strings.Cut(string(readme), "\n"+program)
	if !ok {
		t.Fatalf("README.md has no line that begins with %q", program)
	}
	command, _, _ := strings.Cut(rest, "\n")
	var stdout, stderr bytes.Buffer
	t.Chdir("../..")
	if code := run(t.Context(), strings.Fields(command), func(string) string { return "" }, nil, &stdout, &stderr); code != 0 {
		t.Errorf("%s%s: exit code %d\n%s%s", program, command, code, &stdout, &stderr)
	}
}

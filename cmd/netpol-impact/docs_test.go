package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
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
	text := c.Long
	if text == "" {
		text = c.Short + "." // which then says it all
	}
	fmt.Fprintf(w, "\n## %s\n\n%s\n\n```\n%s\n```\n", c.CommandPath(), text, c.UseLine())
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

// TestTheReadmeShowsRealComments keeps the comments in README.md what the program prints for a story of the scenarios and for
// the included example, as far as they are not folded.
func TestTheReadmeShowsRealComments(t *testing.T) {
	t.Chdir("../..")
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	story, err := txtar.ParseFile("testdata/script/story-label-typo.txtar")
	if err != nil {
		t.Fatal(err)
	}
	typo := t.TempDir()
	for _, f := range story.Files {
		file := filepath.Join(typo, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	comments := map[string][]byte{}
	for name, dir := range map[string]string{"typo": typo, "boutique": "testdata/boutique"} {
		var comment, stderr bytes.Buffer
		run(t.Context(), []string{"diff", "--base", filepath.Join(dir, "base"), "--head", filepath.Join(dir, "head"), "--format", "markdown"},
			func(string) string { return "" }, nil, &comment, &stderr)
		if stderr.Len() > 0 {
			t.Fatal(stderr.String())
		}
		comments[name] = comment.Bytes()
	}
	for _, name := range []string{"typo", "boutique"} {
		begin, end := fmt.Sprintf("<!-- example %s: begin (generated) -->\n", name), "<!-- example: end -->\n"
		before, rest, ok := bytes.Cut(readme, []byte(begin))
		_, after, ok2 := bytes.Cut(rest, []byte(end))
		if !ok || !ok2 {
			t.Fatalf("README.md has lost the markers %q and %q", begin, end)
		}
		seen, _, folds := bytes.Cut(comments[name], []byte("<details>"))
		if !folds {
			t.Fatalf("the comment of %s has nothing that is folded", name)
		}
		readme = bytes.Join([][]byte{before, []byte(begin), seen, []byte(end), after}, nil)
	}
	golden(t, "README.md", readme)
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

package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestLayoutsAreDocumented keeps docs/layouts.md the same as the scenarios of the layouts, which hold the program to what
// that page shows.
func TestLayoutsAreDocumented(t *testing.T) {
	names, err := filepath.Glob("../../testdata/script/layout-*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scenarios of layouts: %v", err)
	}
	var page bytes.Buffer
	page.WriteString(`# Layouts

What ` + "`netpol-impact targets`" + ` says of the ways in which repositories are laid out, without a configuration: each is a scenario of
the tests (` + "`testdata/script/layout-*.txtar`" + `), and ` + "`go test ./cmd/netpol-impact -update`" + ` writes this page from them. How targets and
clusters are found stands in [targets.md](targets.md).
`)
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		title := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "layout-"), ".txtar")
		fmt.Fprintf(&page, "\n## %s\n\n", strings.ReplaceAll(strings.ToUpper(title[:1])+title[1:], "-", " "))
		for line := range strings.Lines(string(a.Comment)) {
			if about, ok := strings.CutPrefix(line, "# "); ok {
				page.WriteString(about)
			}
		}
		page.WriteString("\n```\n")
		said := map[string][]byte{}
		for _, f := range a.Files {
			if file, ok := strings.CutPrefix(f.Name, "repository/"); ok {
				fmt.Fprintln(&page, file)
			}
			said[f.Name] = f.Data
		}
		fmt.Fprintf(&page, "```\n\n```\n%s%s```\n", said["want.txt"], said["said.txt"])
	}
	golden(t, "../../docs/layouts.md", page.Bytes())
}

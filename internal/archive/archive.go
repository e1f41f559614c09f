// Package archive runs tests over small repositories that are written as txtar archives.
package archive

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
)

// want is the file that holds what is expected of the others.
const want = "want"

// Each describes the repository of each testdata/*.txtar in a test of its own, and compares that with the archive's file
// "want", or writes it there.
func Each(t *testing.T, update bool, describe func(t *testing.T, repository fstest.MapFS) string) {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives in testdata: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			repository, wanted := fstest.MapFS{}, ""
			for _, f := range a.Files {
				if f.Name == want {
					wanted = string(f.Data)
					continue
				}
				repository[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			got := describe(t, repository)
			if !update {
				if got != wanted {
					t.Errorf("got:\n%s\nwant:\n%s", got, wanted)
				}
				return
			}
			a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == want })
			a.Files = append(a.Files, txtar.File{Name: want, Data: []byte(got)})
			if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/netpol-impact/netpol-impact/"

// street says which rooms each room may import; a room may always import what is below itself and its own parents. A
// room that is not named here may not exist.
var street = map[string][]string{
	"cmd":         {"pullrequest", "review", "report", "impact", "render", "manifest", "config", "internal"},
	"pullrequest": {"review", "render", "report", "impact", "manifest", "config", "internal"},
	"review":      {"render", "impact", "manifest", "config", "internal"},
	"report":      {"impact", "manifest", "internal"},
	"impact":      {"manifest", "config", "internal"},
	"render":      {"manifest", "config", "internal"},
	"manifest":    {"internal"},
	"config":      {"internal"},
	"internal":    {"internal"},
}

// outward are packages that only some rooms may use: what knows GitHub, git or the environment stays in its room.
var outward = map[string][]string{
	"github.com/google/go-github/":          {"pullrequest"},
	"github.com/sethvargo/go-githubactions": {"pullrequest"},
	"github.com/go-git/":                    {"render/tree"},
	"helm.sh/":                              {"render/helm", "render/kustomize"},
	"sigs.k8s.io/kustomize/":                {"render/kustomize"},
	"github.com/spf13/":                     {"cmd"},
}

// goFiles calls visit with every Go file of the module, its path from the root.
func goFiles(t *testing.T, visit func(file string, source []byte)) {
	t.Helper()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || name == "oracle" || name == "browser" || strings.HasPrefix(entry.Name(), ".") && name != "."):
			return fs.SkipDir
		case path.Ext(name) != ".go":
			return nil
		}
		source, err := fs.ReadFile(root, name)
		visit(name, source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsGoDownTheStreet(t *testing.T) {
	goFiles(t, func(file string, source []byte) {
		room, _, _ := strings.Cut(file, "/")
		allowed, known := street[room]
		if !known {
			t.Errorf("%s: DESIGN knows no room %q", file, room)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			return
		}
		for _, i := range parsed.Imports {
			imported := strings.Trim(i.Path.Value, `"`)
			if inside, ok := strings.CutPrefix(imported, module); ok {
				to, _, _ := strings.Cut(inside, "/")
				if to != room && !slices.Contains(allowed, to) {
					t.Errorf("%s imports %s: %s may import %v", file, inside, room, allowed)
				}
			}
			for prefix, rooms := range outward {
				if strings.HasPrefix(imported, prefix) && !below(file, rooms) && !strings.HasSuffix(file, "_test.go") {
					t.Errorf("%s imports %s, which only %v may", file, imported, rooms)
				}
			}
		}
	})
}

func TestOnlyTheOuterRoomsReadTheEnvironment(t *testing.T) {
	goFiles(t, func(file string, source []byte) {
		if below(file, []string{"cmd", "pullrequest"}) || strings.HasSuffix(file, "_test.go") {
			return
		}
		for _, call := range []string{"os.Getenv(", "os.LookupEnv(", "os.Environ("} {
			if bytes.Contains(source, []byte(call)) {
				t.Errorf("%s calls %s…): only cmd and pullrequest read the environment", file, call)
			}
		}
	})
}

func TestEveryPackageHasOneComment(t *testing.T) {
	commented := map[string][]string{}
	goFiles(t, func(file string, source []byte) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Error(err)
			return
		}
		dir := path.Dir(file)
		if commented[dir] == nil {
			commented[dir] = []string{}
		}
		if parsed.Doc != nil {
			commented[dir] = append(commented[dir], file)
		}
	})
	for dir, files := range commented {
		if len(files) != 1 {
			t.Errorf("package %s has %d package comments %v, not one", dir, len(files), files)
		}
	}
}

func TestMainIsShort(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "cmd", "netpol-impact", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(source, []byte("\n")); lines > 20 {
		t.Errorf("main.go has %d lines, more than 20", lines)
	}
}

// below tells whether a file is in one of the folders.
func below(file string, dirs []string) bool {
	for _, dir := range dirs {
		if strings.HasPrefix(file, dir+"/") {
			return true
		}
	}
	return false
}

package review

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/internal/gitserver"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// What a pull request renders to must not meet a later run.
func TestOnlyBaseIsKept(t *testing.T) {
	dir, kept := t.TempDir(), t.TempDir()
	for side, name := range map[string]string{"base": "a", "head": "b"} {
		for file, text := range map[string]string{
			"kustomization.yaml": "resources: [x.yaml]\n",
			"x.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n",
		} {
			path := filepath.Join(dir, side, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	run := func(base, head string, limits sandbox.Limits) bool {
		r, err := Diff(t.Context(), Options{Dir: dir, Base: base, Head: head, Cache: kept, KeepBaseOnly: true, Limits: limits})
		if err != nil {
			t.Fatal(err)
		}
		if Incomplete(r.Diagnostics) {
			t.Log(r.Diagnostics)
		}
		return !Incomplete(r.Diagnostics)
	}
	if !run("./base", "./head", sandbox.Limits{}) {
		t.Fatal("it does not render")
	}
	if !run("./base", "./base", sandbox.Limits{Files: 1}) {
		t.Error("base is not kept")
	}
	if run("./base", "./head", sandbox.Limits{Files: 1}) {
		t.Error("head is kept")
	}
}

// What a pull request has fetched must not meet a later run either.
func TestOnlyWhatBaseFetchesIsKept(t *testing.T) {
	root, dir, kept := t.TempDir(), t.TempDir(), t.TempDir()
	of := gitserver.Make(t, filepath.Join(root, "repo"))
	own := gitserver.At(t, dir)
	s := gitserver.New(t, root)
	for _, side := range []string{"base", "head"} {
		of.Write("kustomization.yaml", "resources: [x.yaml]\n")
		of.Write("x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "+side+"}\n")
		own.Write(side+"/kustomization.yaml", "resources: ['"+s.URL+"/repo//?ref="+of.Commit()+"']\n")
		own.Write(side+"/.netpol-impact.yaml", "fetch: {allow: ['"+s.URL+"/repo']}\n")
	}
	run := func(base, head string) int {
		t.Helper()
		s.Packs()
		r, err := Diff(t.Context(), Options{Dir: dir, Base: base, Head: head, Cache: kept, KeepBaseOnly: true, All: true})
		if err != nil || Incomplete(r.Diagnostics) {
			t.Fatal(err, r.Diagnostics)
		}
		return s.Packs()
	}
	if n := run("./base", "./head"); n != 2 {
		t.Errorf("%d commits were fetched, not 2", n)
	}
	if all, err := filepath.Glob(filepath.Join(kept, "commit-*")); err != nil || len(all) != 1 {
		t.Errorf("%q is kept (%v)", all, err)
	}
	if n := run("./base", "./head"); n != 1 {
		t.Errorf("%d commits were fetched, not head's alone", n)
	}
	if n := run("./head", "./head"); n != 1 {
		t.Errorf("%d commits were fetched, not what only head had fetched before", n)
	}
}

// A cache that cannot be written makes the next run slower, and whoever wonders why is told, by each command.
func TestACacheThatCannotBeWrittenIsTold(t *testing.T) {
	dir, kept := t.TempDir(), t.TempDir()
	for file, text := range map[string]string{
		"kustomization.yaml": "resources: [x.yaml]\n",
		"x.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Head: dir, Cache: kept}
	told := func() bool {
		l, err := List(t.Context(), o, "")
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(l.Diagnostics, func(d manifest.Diagnostic) bool {
			return d.Severity == manifest.Info && strings.Contains(d.Message, "the cache was not used as it could be")
		})
	}
	if told() {
		t.Error("it is told of a cache that is written")
	}
	entries, err := filepath.Glob(filepath.Join(kept, "*"))
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	for _, at := range entries { // a folder is in the place of each entry, and what is to be written there cannot be
		if err := os.RemoveAll(at); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(at, "full"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if !told() {
		t.Error("it is not told")
	}
}

package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/netpol-impact/netpol-impact/manifest"
)

var update = flag.Bool("update", false, "rewrite the expectations")

// scenario reads a txtar file: a tree, the release to render, and what is wanted.
func scenario(t *testing.T, file string) (*txtar.Archive, fs.FS, Release) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r Release
	for line := range strings.Lines(string(a.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "chart":
			r.Chart = value
		case "values":
			r.Values = strings.Fields(value)
		case "release":
			r.Name = value
		case "namespace":
			r.Namespace = value
		}
	}
	files := make(fstest.MapFS)
	for _, f := range a.Files {
		if f.Name != "want" && f.Name != "error" {
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	return a, files, r
}

func eachScenario(t *testing.T, test func(t *testing.T, file string)) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { test(t, file) })
	}
}

func TestScenarios(t *testing.T) {
	eachScenario(t, func(t *testing.T, file string) {
		a, tree, release := scenario(t, file)
		objects, problems, err := Render(context.Background(), tree, release)
		name, got := "want", describe(objects, problems)
		if err != nil {
			name, got = "error", err.Error()+"\n"
		}
		last := &a.Files[len(a.Files)-1]
		if *update {
			last.Name, last.Data = name, []byte(got)
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		if last.Name != name || string(last.Data) != got {
			t.Errorf("got %s:\n%s\nwant %s:\n%s", name, got, last.Name, last.Data)
		}
	})
}

func describe(objects []*manifest.Object, problems []manifest.Diagnostic) string {
	var b strings.Builder
	for _, o := range objects {
		fmt.Fprintf(&b, "%s:%d %s\n", o.Origin.File, o.Origin.Line, o)
	}
	for _, p := range problems {
		fmt.Fprintln(&b, p)
	}
	return b.String()
}

func TestTwoRendersAreTheSame(t *testing.T) {
	eachScenario(t, func(t *testing.T, file string) {
		_, tree, release := scenario(t, file)
		first, second := text(tree, release), text(tree, release)
		if !bytes.Equal(first, second) {
			t.Errorf("got %s and then %s", first, second)
		}
	})
}

func text(tree fs.FS, release Release) []byte {
	objects, _, err := Render(context.Background(), tree, release)
	if err != nil {
		return []byte(err.Error())
	}
	var all []byte
	for _, o := range objects {
		all = append(o.Body.AppendJSON(all), '\n')
	}
	return all
}

func TestAReleaseHasItsOwnRandomness(t *testing.T) {
	_, tree, release := scenario(t, "testdata/random.txtar")
	other := release
	other.Namespace = "elsewhere"
	if bytes.Equal(text(tree, release), text(tree, other)) {
		t.Error("two releases have the same secrets")
	}
}

func TestTheLaterValueFileWins(t *testing.T) {
	_, tree, release := scenario(t, "testdata/everything.txtar")
	objects, _, err := Render(context.Background(), tree, release)
	if err != nil {
		t.Fatal(err)
	}
	if got := objects[0].Body.Get("spec", "replicas"); got == nil || got.Text != "3" {
		t.Errorf("got %v replicas, want 3", got)
	}
	if got := objects[0].Body.Get("spec", "replicas").LineOr(-1); got != -1 {
		t.Errorf("a field claims line %d of a template whose lines are not those of its output", got)
	}
}

func TestALoopEndsForItsCallerWithTheContext(t *testing.T) {
	tree := fstest.MapFS{
		"Chart.yaml":         {Data: []byte("apiVersion: v2\nname: app\nversion: 1.0.0\n")},
		"templates/pod.yaml": {Data: []byte(`{{ range until 3000 }}{{ range until 1000 }}{{ if eq (sha256sum "x") "" }}{{ end }}{{ end }}{{ end }}`)},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := Render(ctx, tree, Release{Chart: "."}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
}

func TestAnArchiveIsTheOriginOfItsObjects(t *testing.T) {
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	w := tar.NewWriter(zipped)
	for name, text := range map[string]string{
		"cache/Chart.yaml":         "apiVersion: v2\nname: cache\nversion: 1.0.0\n",
		"cache/templates/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: cached}\n",
	} {
		if err := errors.Join(w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}), func() error { _, err := w.Write([]byte(text)); return err }()); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	tree := fstest.MapFS{
		"app/Chart.yaml":             {Data: []byte("apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies: [{name: cache, alias: store, version: 1.0.0, repository: 'https://charts.example.com'}]\n")},
		"app/charts/cache-1.0.0.tgz": {Data: archive.Bytes()},
	}
	objects, problems, err := Render(context.Background(), tree, Release{Chart: "app"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := describe(objects, problems), "app/charts/cache-1.0.0.tgz:0 Pod cached\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

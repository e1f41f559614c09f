package kustomize

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/netpol-impact/netpol-impact/manifest"
)

var update = flag.Bool("update", false, "rewrite the expectations")

// scenario reads a txtar file: a tree, the folder to build, and what is wanted.
func scenario(t *testing.T, file string) (a *txtar.Archive, tree fs.FS, target string) {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, target, ok := strings.Cut(string(a.Comment), "target: ")
	if !ok {
		t.Fatalf("%s names no target", file)
	}
	files := make(fstest.MapFS)
	for _, f := range a.Files {
		if f.Name != "want" && f.Name != "error" {
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	return a, files, strings.TrimSpace(target)
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
		a, tree, target := scenario(t, file)
		objects, problems, err := Build(context.Background(), tree, target)
		if len(problems) > 0 {
			t.Errorf("diagnostics: %v", problems)
		}
		name, got := "want", describe(objects)
		if err != nil {
			// The JSON package words this in one of two ways at random, so that nobody relies on it.
			name, got = "error", strings.ReplaceAll(err.Error(), "json: unable to", "json: cannot")+"\n"
		}
		for _, o := range objects {
			checkLines(t, tree, o)
		}
		last := &a.Files[len(a.Files)-1]
		if *update {
			last.Name, last.Data = name, []byte(got)
			if err := writeArchive(file, a); err != nil {
				t.Fatal(err)
			}
			return
		}
		if last.Name != name || string(last.Data) != got {
			t.Errorf("got %s:\n%s\nwant %s:\n%s", name, got, last.Name, last.Data)
		}
	})
}

func describe(objects []*manifest.Object) string {
	var b strings.Builder
	for _, o := range objects {
		fmt.Fprintf(&b, "%s:%d %s\n", o.Origin.File, o.Origin.Line, o)
	}
	return b.String()
}

func writeArchive(file string, a *txtar.Archive) error {
	return os.WriteFile(file, txtar.Format(a), 0o644)
}

func objectAt(t *testing.T, objects []*manifest.Object, name string) *manifest.Object {
	t.Helper()
	for _, o := range objects {
		if o.String() == name {
			return o
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}

func TestFieldsKnowTheirLines(t *testing.T) {
	_, tree, target := scenario(t, "testdata/overlay.txtar")
	objects, _, err := Build(context.Background(), tree, target)
	if err != nil {
		t.Fatal(err)
	}
	web := objectAt(t, objects, "Deployment prod/p-web")
	for _, test := range []struct {
		why  string
		path []string
		want manifest.Origin
	}{
		{"unchanged", []string{"spec", "selector", "matchLabels", "app"}, manifest.Origin{File: "base/app.yaml", Line: 8}},
		{"changed by a patch", []string{"spec", "replicas"}, manifest.Origin{File: "overlays/prod/replicas.yaml", Line: 4}},
		{"changed by a prefix: its key's line", []string{"metadata", "name"}, manifest.Origin{File: "base/app.yaml", Line: 5}},
		{"added by a field of the kustomization", []string{"metadata", "namespace"}, manifest.Origin{File: "overlays/prod/kustomization.yaml", Line: 1}},
	} {
		if got := web.At(web.Body.Get(test.path...)); got != test.want {
			t.Errorf("%v (%s): got %v, want %v", test.path, test.why, got, test.want)
		}
	}
	container := &web.Body.Get("spec", "template", "spec", "containers").Items[0]
	if got := container.Get("image").LineOr(0); got != 14 {
		t.Errorf("image in a list: got line %d, want 14", got)
	}
	made := objectAt(t, objects, "ConfigMap prod/p-settings-4h2mbtbbt6")
	if got := made.Body.Get("data", "a").LineOr(0); got != 0 {
		t.Errorf("a generated field claims line %d", got)
	}
}

func TestOurAnnotationIsInNoCopy(t *testing.T) {
	_, tree, target := scenario(t, "testdata/annotation-patch.txtar")
	objects, _, err := Build(context.Background(), tree, target)
	if err != nil {
		t.Fatal(err)
	}
	copied := objects[0].Body.Get("spec", "copied")
	if copied.Get("a").Str() != "b" || copied.Get("config.kubernetes.io/origin") != nil {
		t.Errorf("got %s", copied.AppendJSON(nil))
	}
}

func TestScalarsAreTypedAsKustomizePrintsThem(t *testing.T) {
	tree := fstest.MapFS{
		"kustomization.yaml": {Data: []byte("resources: [c.yaml]\ncommonAnnotations: {note: 'true'}\n")},
		"c.yaml": {Data: []byte(`apiVersion: v1
kind: Custom
metadata: {name: c}
spec: {word: yes, date: 2020-01-02, number: 0o17, quoted: "1", truth: true, none: null, text: "a\nb"}
`)},
	}
	objects, _, err := Build(context.Background(), tree, ".")
	if err != nil {
		t.Fatal(err)
	}
	const want = `"spec":{"word":"yes","date":"2020-01-02T00:00:00Z","number":15,"quoted":"1","truth":true,"none":null,"text":"a\nb"}`
	if got := string(objects[0].Body.AppendJSON(nil)); !strings.Contains(got, want) || !strings.Contains(got, `"note":"true"`) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The schema is a global variable of kustomize's: a build that sets it must not change what another one merges.
func TestABuildWithASchemaLeavesOthersAlone(t *testing.T) {
	files := map[string]string{
		"plain/kustomization.yaml": "resources: [d.yaml]\npatches: [{path: p.yaml}]\n",
		"plain/d.yaml":             "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: a, image: a}, {name: b, image: b}]}}}\n",
		"plain/p.yaml":             "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: a, image: c}]}}}\n",
	}
	for name, text := range files {
		files[strings.Replace(name, "plain", "schema", 1)] = text
	}
	files["schema/kustomization.yaml"] += "openapi: {path: schema.json}\n"
	files["schema/schema.json"] = `{"definitions":{}}`
	tree := make(fstest.MapFS)
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	containers := func(dir string) int {
		objects, _, err := Build(context.Background(), tree, dir)
		if err != nil {
			t.Error(err)
			return 0
		}
		return len(objects[0].Body.Get("spec", "template", "spec", "containers").Elements())
	}
	if got := containers("schema"); got != 1 {
		t.Fatalf("without a schema the list of containers is replaced: got %d containers, want 1", got)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { containers("schema") })
		wait.Go(func() {
			if got := containers("plain"); got != 2 {
				t.Errorf("got %d containers, want 2", got)
			}
		})
	}
	wait.Wait()
}

func TestAnEndedContextDoesNotWaitForItsTurn(t *testing.T) {
	clean := <-turn
	defer func() { turn <- clean }()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, tree, target := scenario(t, "testdata/overlay.txtar")
	if _, _, err := Build(ctx, tree, target); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestObjectsOfAChartClaimNoLinesOfFields(t *testing.T) {
	_, tree, target := scenario(t, "testdata/charts.txtar")
	objects, _, err := Build(context.Background(), tree, target)
	if err != nil {
		t.Fatal(err)
	}
	values := objectAt(t, objects, "ConfigMap second")
	if got := values.At(values.Body.Get("data", "values")); got.File != "base/vendor/app/templates/all.yaml" || got.Line != 2 {
		t.Errorf("got %v, want the template's line of the object", got)
	}
	if got, want := values.Body.Get("data", "values").Str(), `"list":["y","z"]`; !strings.Contains(got, want) {
		t.Errorf("got %s, want it to hold %s: kustomize writes values in YAML 1.2", got, want)
	}
}

func TestWhatAPatchChangedStandsInThePatch(t *testing.T) {
	_, tree, target := scenario(t, "testdata/patches.txtar")
	objects, _, err := Build(context.Background(), tree, target)
	if err != nil {
		t.Fatal(err)
	}
	policy := objectAt(t, objects, "NetworkPolicy shop/web")
	ingress := policy.Body.Get("spec", "ingress")
	second := objectAt(t, objects, "NetworkPolicy shop/second")
	web := objectAt(t, objects, "Deployment shop/web")
	for _, test := range []struct {
		why  string
		o    *manifest.Object
		part *manifest.Node
		want manifest.Origin
	}{
		{"an operation that replaces", policy, policy.Body.Get("spec", "podSelector", "matchLabels", "app"), manifest.Origin{File: "overlay/ops.json", Line: 4}},
		{"an operation that adds an element", policy, ingress.Element(1), manifest.Origin{File: "overlay/ops.json", Line: 3}},
		{"an element that stays", policy, ingress.Element(0).Get("ports"), manifest.Origin{File: "base/all.yaml", Line: 53}},
		{"a strategic patch that replaces a list", second, second.Body.Get("spec", "policyTypes").Element(0), manifest.Origin{File: "overlay/several.yaml", Line: 26}},
		{"an inline operation", web, web.Body.Get("spec", "replicas"), manifest.Origin{File: "overlay/kustomization.yaml", Line: 14}},
	} {
		if got := test.o.At(test.part); got != test.want {
			t.Errorf("%s: got %v, want %v", test.why, got, test.want)
		}
	}
	_, tree, target = scenario(t, "testdata/labels.txtar")
	if objects, _, err = Build(context.Background(), tree, target); err != nil {
		t.Fatal(err)
	}
	labelled := objectAt(t, objects, "NetworkPolicy shop/pre-web-suf")
	if got, want := labelled.At(labelled.Body.Get("spec", "podSelector", "matchLabels", "common")), (manifest.Origin{File: "kustomization.yaml", Line: 11}); got != want {
		t.Errorf("a label that the kustomization puts into selectors: got %v, want %v", got, want)
	}
}

package kustomize

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/internal/chartserver"
	"github.com/netpol-impact/netpol-impact/render/fetch"
)

// aliasBomb is small as it is written.
const aliasBomb = `a: &a [x,x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]
e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]
f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]
apiVersion: v1
kind: ConfigMap
metadata: {name: bomb}
`

// elsewhere is what the test's server has.
const elsewhere = `
-- v1/all.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: agent}
spec:
  replicas: 1
  template: {spec: {containers: [{name: c, image: agent}]}}
---
apiVersion: v1
kind: Service
metadata: {name: agent}
-- v1/page.yaml --
<!DOCTYPE html>
<p>a: b: c
-- v1/bomb.yaml --
` + aliasBomb + `-- cache/Chart.yaml --
{apiVersion: v2, name: cache, version: 1.2.0}
-- cache/values.yaml --
size: 1
-- cache/templates/pod.yaml --
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}-{{ .Values.size }}", namespace: "{{ .Release.Namespace }}"}
`

const asksElsewhere = `
-- kustomization.yaml --
namespace: shop
resources:
- SERVER/v1/all.yaml
- own.yaml
namePrefix: p-
patches:
- path: replicas.yaml
helmCharts:
- name: cache
  repo: SERVER/stable
  version: 1.2.0
  releaseName: store
  valuesInline: {size: 3}
-- own.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: own}
-- replicas.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: agent}
spec: {replicas: 5}
`

func viewElsewhere(t *testing.T, text string, allow func(s *chartserver.Server) []string) (*fetch.View, fstest.MapFS) {
	t.Helper()
	there, files := make(fstest.MapFS), make(fstest.MapFS)
	for _, f := range txtar.Parse([]byte(elsewhere)).Files {
		there[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	s, err := chartserver.New(there)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, f := range txtar.Parse([]byte(strings.ReplaceAll(text, "SERVER", s.URL))).Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	f := fetch.New(config.Fetching{Allow: allow(s)}, nil)
	t.Cleanup(f.Close)
	return f.View(t.Context(), files, false), files
}

func everything(s *chartserver.Server) []string { return []string{s.URL} }

func TestFilesAndChartsAreFetched(t *testing.T) {
	view, files := viewElsewhere(t, asksElsewhere, everything)
	b, err := build(context.Background(), view, ".")
	if err != nil {
		t.Fatal(err)
	}
	objects, problems, err := b.objects()
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	want := "own.yaml:1 ConfigMap shop/p-own\nkustomization.yaml:3 Service shop/p-agent\n" +
		"kustomization.yaml:3 Deployment shop/p-agent\nkustomization.yaml:9 Pod shop/p-store-3\n"
	if got := describe(objects); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	agent := objectAt(t, objects, "Deployment shop/p-agent")
	if got := agent.At(agent.Body.Get("spec", "replicas")); got.File != "replicas.yaml" || got.Line != 4 {
		t.Errorf("what a patch changes is at %v", got)
	}
	if *program == "" || *helmProgram == "" {
		t.Log("SKIPPED: give -kustomize=PATH and -helm=PATH to compare with the real programs")
		return
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(*program, "build", "--enable-helm", "--helm-command", *helmProgram, dir)
	run.Env = []string{"HOME=" + t.TempDir()}
	real, err := run.Output()
	got, printed := b.output.AsYaml()
	if err != nil || printed != nil || string(real) != string(got) {
		t.Errorf("kustomize prints (%v)\n%s\nand we\n%s", err, real, got)
	}
	if entries, _ := filepath.Glob(filepath.Join(dir, "charts/*")); len(entries) == 0 {
		t.Error("the real program has fetched nothing")
	}
}

func TestWhatMayNotBeFetchedIsRefusedByName(t *testing.T) {
	nothing := func(*chartserver.Server) []string { return []string{"https://example.com"} }
	for text, c := range map[string]struct {
		allow func(*chartserver.Server) []string
		want  string
	}{
		"resources: [SERVER/v1/all.yaml]":                                {nothing, "is remote, and nothing is fetched while rendering; commit a copy and name its path here, or have it fetched"},
		"resources: ['https://example.com/../x.yaml']":                   {nothing, "could not be fetched"},
		"resources: [SERVER/v1/gone.yaml]":                               {everything, "could not be fetched: 127.0.0.1:"},
		"resources: [SERVER/v1/page.yaml]":                               {everything, "cannot be read: the document on line 1: yaml:"},
		"resources: [SERVER/v1/bomb.yaml]":                               {everything, "once its aliases are expanded"},
		"resources: ['SERVER/team/repo//base?ref=v1']":                   {everything, "could not be fetched: asking http://127.0.0.1:"},
		"components: [SERVER/v1/all.yaml]":                               {everything, "is remote, and nothing is fetched while rendering"},
		"patches: [{path: SERVER/v1/all.yaml}]":                          {everything, "is remote, and nothing is fetched while rendering"},
		"generators: [SERVER/v1/all.yaml]":                               {everything, "is remote, and nothing is fetched while rendering"},
		"helmCharts: [{name: cache, repo: SERVER/stable}]":               {nothing, "or have it fetched (fetch.allow in the configuration)"},
		"helmCharts: [{name: gone, repo: SERVER/stable}]":                {everything, "has no chart gone"},
		"helmCharts: [{name: cache, version: 9.x, repo: SERVER/stable}]": {everything, "none of its 1 versions is 9.x"},
	} {
		view, _ := viewElsewhere(t, "-- kustomization.yaml --\n"+text+"\n", c.allow)
		_, _, err := Build(context.Background(), view, ".")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", text, err, c.want)
		}
	}
}

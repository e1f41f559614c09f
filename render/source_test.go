package render

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/internal/chartserver"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/fetch"
)

func TestNamesOfASourceAreNoPathsOfTheTree(t *testing.T) {
	for _, c := range []struct {
		source     Source
		name, want string
	}{
		{Source{Repository: "https://example.com/stable", Chart: "redis"}, ".", "https://example.com/stable//redis"},
		{Source{Repository: "https://example.com/stable/", Chart: "redis"}, "values/prod.yaml", "https://example.com/stable//redis/values/prod.yaml"},
		{Source{Repository: "https://example.com/team/repo"}, ".", "https://example.com/team/repo//"},
		{Source{Repository: "https://example.com/team/repo"}, "deploy/prod", "https://example.com/team/repo//deploy/prod"},
	} {
		name := c.source.At(c.name)
		if name != c.want {
			t.Errorf("got %s, want %s", name, c.want)
		}
		if back, ok := c.source.inside(name); !ok || back != c.name {
			t.Errorf("%s leads to %s, %v", name, back, ok)
		}
	}
	s := Source{Repository: "https://example.com/stable", Chart: "redis"}
	for _, name := range []string{"values.yaml", "https://example.com/stable//redis2/values.yaml", "https://example.com/stable//redis/../../x", "https://example.com/stable"} {
		if at, ok := s.inside(name); ok {
			t.Errorf("%s is taken for %s of the source", name, at)
		}
	}
}

func TestATargetOfASourceStandsWhereItIsNamed(t *testing.T) {
	shelf := fstest.MapFS{
		"app/Chart.yaml":         {Data: []byte("{apiVersion: v2, name: app, version: 1.0.0}")},
		"app/values-prod.yaml":   {Data: []byte("a: chart\nb: chart\n")},
		"app/templates/all.yaml": {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {a: {{ .Values.a }}, b: {{ .Values.b }}}\n")},
		"out/Chart.yaml":         {Data: []byte("{apiVersion: v2, name: out, version: 1.0.0, dependencies: [{name: own, repository: 'file://../own'}]}")},
	}
	server, err := chartserver.New(shelf)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	files := fstest.MapFS{
		"values.yaml":                       {Data: []byte("b: tree\n")},
		"netpol-impact-fetched-source/x":    {Data: []byte("b: tree\n")},
		"own/Chart.yaml":                    {Data: []byte("{apiVersion: v2, name: own, version: 1.0.0}")},
		"netpol-impact-fetched-source/keep": {Data: []byte("")},
	}
	r := &Renderer{Fetch: fetch.New(config.Fetching{Allow: []string{server.URL}}, nil)}
	defer r.Fetch.Close()
	named := manifest.Origin{File: "app.yaml", Line: 7}
	s := &Source{Repository: server.Repository(), Chart: "app", Version: "1.x", Named: named}
	target := Target{Kind: Helm, Path: s.At("."), Source: s, Values: []string{s.At("values-prod.yaml"), "values.yaml"}}
	out, err := r.Render(t.Context(), files, target)
	if err != nil || len(out.Objects) != 1 {
		t.Fatal(out, err)
	}
	o := out.Objects[0]
	if data := o.Body.Get("data"); o.Origin != named || o.At(data) != named || data.Get("a").Str() != "chart" || data.Get("b").Str() != "tree" {
		t.Errorf("got %v at %v", data, o.Origin)
	}
	for want, change := range map[string]func(t *Target){
		"what is fetched has such names":                    func(t *Target) { t.Values = []string{"netpol-impact-fetched-source/x"} },
		"open gone.yaml: file does not exist":               func(t *Target) { t.Values = []string{s.At("gone.yaml")} },
		"has no chart other":                                func(t *Target) { t.Source = &Source{Repository: s.Repository, Chart: "other"} },
		"leads out of the repository":                       func(t *Target) { t.Source = &Source{Repository: s.Repository, Chart: "out"} },
		"https://example.com is not in the configuration's": func(t *Target) { t.Source = &Source{Repository: "https://example.com", Chart: "app"} },
	} {
		changed := target
		change(&changed)
		changed.Path = changed.Source.At(".")
		if changed.Source != s {
			changed.Values = nil
		}
		_, err := r.Render(t.Context(), files, changed)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := new(Renderer).Render(t.Context(), files, target); err == nil {
		t.Error("it rendered without a fetcher")
	}
}

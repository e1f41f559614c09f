package review

import (
	"maps"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/internal/chartserver"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// packChart packs a chart with some templates and charts, and returns the name of its archive.
func packChart(t *testing.T, name, version string, files map[string]string) (string, []byte) {
	t.Helper()
	chart := fstest.MapFS{"c/Chart.yaml": {Data: []byte("apiVersion: v2\nname: " + name + "\nversion: " + version + "\n")}}
	for file, text := range files {
		chart["c/"+file] = &fstest.MapFile{Data: []byte(text)}
	}
	archive, about, err := chartserver.Pack(chart, "c")
	if err != nil {
		t.Fatal(err)
	}
	return about.Name + "-" + about.Version + ".tgz", archive
}

func TestArchivesThatNewlyAskTheClusterAreTold(t *testing.T) {
	const (
		silent = "kind: NetworkPolicy\n"
		asks   = "# a policy\n{{ if .Capabilities.APIVersions.Has \"example.org/v1\" }}\nkind: NetworkPolicy\n{{ end }}\n"
	)
	parent := map[string][]byte{"app/Chart.yaml": []byte("apiVersion: v2\nname: app\nversion: 1.0.0\n")}
	with := func(dir, name, version string, files map[string]string) map[string][]byte {
		out := maps.Clone(parent)
		file, text := packChart(t, name, version, files)
		out[path.Join(dir, file)] = text
		return out
	}
	nested, inner := packChart(t, "inner", "1.0.0", map[string]string{"templates/p.yaml": asks})
	for name, c := range map[string]struct {
		base, head map[string][]byte
		want       string // what the one note has; "" if there is none
	}{
		"another version": {
			with("app/charts", "redis", "1.0.0", map[string]string{"templates/p.yaml": silent}),
			with("app/charts", "redis", "1.1.0", map[string]string{"templates/p.yaml": asks}),
			"warning app/charts/redis-1.1.0.tgz (APIVersions in templates/p.yaml:2)"},
		"the same version": {
			with("app/charts", "redis", "1.0.0", map[string]string{"templates/p.yaml": silent}),
			with("app/charts", "redis", "1.0.0", map[string]string{"templates/p.yaml": asks}),
			"warning app/charts/redis-1.0.0.tgz (APIVersions in templates/p.yaml:2)"},
		"a version that asks what was asked": {
			with("app/charts", "redis", "1.0.0", map[string]string{"templates/p.yaml": asks}),
			with("app/charts", "redis", "1.1.0", map[string]string{"templates/p.yaml": asks, "values.yaml": "a: b\n"}),
			""},
		"new to a chart that was there": {
			parent,
			with("app/charts", "redis", "1.0.0", map[string]string{"charts/sub/Chart.yaml": "name: sub\n", "charts/sub/templates/p.yaml": asks}),
			"warning app/charts/redis-1.0.0.tgz (APIVersions in charts/sub/templates/p.yaml:2)"},
		"new, with no chart around it": {
			parent,
			with("vendor", "redis", "1.0.0", map[string]string{"templates/p.yaml": asks}),
			"info vendor/redis-1.0.0.tgz (APIVersions in templates/p.yaml:2)"},
		"packed in another one": {
			with("vendor", "redis", "1.0.0", map[string]string{"templates/p.yaml": silent}),
			with("vendor", "redis", "1.0.1", map[string]string{"charts/" + nested: string(inner)}),
			"warning vendor/redis-1.0.1.tgz (APIVersions in charts/inner-1.0.0.tgz/templates/p.yaml:2)"},
		"gone": {
			with("app/charts", "redis", "1.0.0", map[string]string{"templates/p.yaml": asks}), parent, ""},
		"no archive at all": {
			parent, map[string][]byte{"app/Chart.yaml": parent["app/Chart.yaml"], "app/charts/redis-1.0.0.tgz": []byte("text")},
			"warning app/charts/redis-1.0.0.tgz not searched"},
	} {
		t.Run(name, func(t *testing.T) {
			compared := &comparison{base: &state{side: &side{tree: tree.Memory(c.base), dir: "."}}, head: &state{side: &side{tree: tree.Memory(c.head), dir: "."}}}
			compared.tellAsking()
			if c.want == "" {
				if len(compared.notes) > 0 {
					t.Errorf("got %v", compared.notes)
				}
				return
			}
			if len(compared.notes) != 1 {
				t.Fatalf("got %v, want one note", compared.notes)
			}
			got, rest := compared.notes[0], c.want
			for _, part := range []string{string(got.Severity) + " ", got.File + " "} {
				var ok bool
				if rest, ok = strings.CutPrefix(rest, part); !ok {
					t.Fatalf("got %v, want %s", got, c.want)
				}
			}
			if !strings.Contains(got.Message, rest) {
				t.Errorf("got %q, want %s", got.Message, rest)
			}
		})
	}
}

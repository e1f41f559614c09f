package discover_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/internal/archive"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/discover"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

var update = flag.Bool("update", false, "rewrite the expectations")

// Each testdata/*.txtar is a small repository. Its file "want" lists the targets and the clusters that they form.
func TestEveryLayoutHasItsTargetsAndClusters(t *testing.T) {
	archive.Each(t, *update, func(t *testing.T, fsys fstest.MapFS) string { return describe(t, fsys, fsys) })
}

// describe tells targets, clusters and diagnostics, one a line.
func describe(t *testing.T, base, head fs.FS) string {
	t.Helper()
	var out strings.Builder
	var all []discover.Found
	for _, side := range []fs.FS{base, head} {
		found, problems, err := discover.Targets(t.Context(), side, config.Config{}, new(render.Renderer))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			fmt.Fprintln(&out, p)
		}
		all = append(all, found...)
	}
	clusters, problems := discover.Clusters(all, func(f discover.Found) (b, h []*manifest.Object) {
		return rendered(t, base, f.Target), rendered(t, head, f.Target)
	})
	for _, c := range clusters {
		fmt.Fprintf(&out, "%s (%s)\n", c.Name, c.By)
		for _, f := range c.Found {
			fmt.Fprintf(&out, "  %s %s: %s\n", f.Target.Kind, f.Target, f.By)
		}
	}
	for _, p := range problems {
		fmt.Fprintln(&out, p)
	}
	return out.String()
}

func rendered(t *testing.T, side fs.FS, target render.Target) []*manifest.Object {
	t.Helper()
	if _, err := fs.Stat(side, target.Path); err != nil || target.Kind == render.Helm {
		return nil
	}
	out, err := render.Render(context.Background(), side, target)
	if err != nil {
		t.Fatal(err)
	}
	return out.Objects
}

func TestANamedPathIsATarget(t *testing.T) {
	fsys := fstest.MapFS{
		"app/kustomization.yaml":          {Data: []byte("resources: [x.yaml]")},
		"app/x.yaml":                      {Data: []byte("apiVersion: v1\nkind: Service\nmetadata: {name: x}\n")},
		"chart/Chart.yaml":                {Data: []byte("name: chart")},
		"chart/values-prod.yaml":          {Data: []byte("a: 1")},
		"shared.yaml":                     {Data: []byte("a: 1")},
		"plain/one.yaml":                  {Data: []byte("apiVersion: v1\nkind: Service\nmetadata: {name: x}\n")},
		"all/overlays/prod/Kustomization": {Data: []byte("resources: [../../../app]")},
	}
	tests := map[string]string{
		"app":                                "kustomize app",
		"./app/":                             "kustomize app",
		"app/kustomization.yaml":             "kustomize app",
		"all/overlays/prod":                  "kustomize all/overlays/prod in prod",
		"chart":                              "helm chart",
		"chart/Chart.yaml":                   "helm chart",
		"chart:values-prod.yaml":             "helm chart with values-prod.yaml in prod",
		"chart:values-prod.yaml,shared.yaml": "helm chart with values-prod.yaml, shared.yaml in prod",
		"plain":                              "plain plain",
		"plain/one.yaml":                     "plain plain/one.yaml",
	}
	for name, want := range tests {
		f, err := discover.Named(fsys, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := string(f.Target.Kind) + " " + f.Target.String()
		if f.Cluster != "" {
			got += " in " + f.Cluster
		}
		if got != want || f.By != "named on the command line" {
			t.Errorf("%s: got %s by %s, want %s", name, got, f.By, want)
		}
	}
	for name, want := range map[string]string{
		"nosuch":            "finding the target nosuch: there is no such file or folder",
		"../out":            "no such file or folder",
		"chart:nosuch.yaml": "neither a value file chart/nosuch.yaml nor nosuch.yaml",
		"plain:x.yaml":      "is no chart",
		"all":               "name these: all/overlays/prod",
	} {
		_, err := discover.Named(fsys, name)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not say %q", name, err, want)
		}
	}
	if _, err := discover.Named(fsys, "nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

func TestTheConfigurationOverridesWhatIsFound(t *testing.T) {
	fsys := fstest.MapFS{
		"overlays/prod/kustomization.yaml": {Data: []byte("resources: [x.yaml]")},
		"chart/Chart.yaml":                 {Data: []byte("name: chart")},
		"eu.yaml":                          {Data: []byte("a: 1")},
	}
	found, problems, err := discover.Targets(t.Context(), fsys, config.Config{Targets: []config.Target{
		{Path: "overlays/prod"},
		{Path: "overlays/prod", Cluster: "eu"},
		{Path: "chart", Values: []string{"eu.yaml"}, Release: "r", Namespace: "n", Cluster: "eu"},
		{Path: "overlays/gone"},
	}}, new(render.Renderer))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprintf("%s release=%s namespace=%s cluster=%s by %s, found by %s", f.Target, f.Target.Release, f.Target.Namespace, f.Cluster, f.ClusterBy, f.By))
	}
	want := []string{
		"overlays/prod release= namespace= cluster=prod by the folder overlays/prod, found by the configuration",
		"overlays/prod release= namespace= cluster=eu by the configuration, found by the configuration",
		"chart with eu.yaml release=r namespace=n cluster=eu by the configuration, found by the configuration",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if len(problems) != 1 || problems[0].Object != "overlays/gone" {
		t.Errorf("problems: %v", problems)
	}
}

func service(name, port string) string {
	return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + "}\nspec: {ports: [{port: " + port + "}]}\n"
}

func TestBothSidesHaveTheSameClusters(t *testing.T) {
	base := fstest.MapFS{
		"a/x.yaml":                         {Data: []byte(service("x", "1"))},
		"b/y.yaml":                         {Data: []byte(service("y", "1"))},
		"overlays/prod/kustomization.yaml": {Data: []byte("resources: [z.yaml]")},
		"overlays/prod/z.yaml":             {Data: []byte(service("z", "1"))},
	}
	head := fstest.MapFS{
		"a/x.yaml": {Data: []byte(service("x", "1"))},
		"b/y.yaml": {Data: []byte(service("y", "1") + "---\n" + service("x", "2"))},
		"c/n.yaml": {Data: []byte(service("n", "1"))},
	}
	got := describe(t, base, head)
	want := `a (the contents contradict those of other targets)
  plain a: a folder of manifests
b (the contents contradict those of other targets)
  plain b: a folder of manifests
default (no environment in the paths)
  plain c: a folder of manifests
prod (the folder overlays/prod)
  kustomize overlays/prod: a kustomization that no other one uses
default: info: Service x comes from a, b with different contents, so they cannot be one cluster; these are analysed apart: a, b; name clusters in the configuration to change that
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// An Application that only comes to light by a render must not be lost because that reached a limit.
func TestDiscoveryRendersWithinItsLimits(t *testing.T) {
	fsys := fstest.MapFS{
		"apps/kustomization.yaml":  {Data: []byte("resources: [app.yaml]\n")},
		"apps/app.yaml":            {Data: []byte("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {path: deep/web}, destination: {namespace: shop}}\n")},
		"deep/web/deployment.yaml": {Data: []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n")},
	}
	find := func(ctx context.Context, limits sandbox.Limits) (string, error) {
		found, problems, err := discover.Targets(ctx, fsys, config.Config{}, &render.Renderer{Limits: limits})
		return fmt.Sprint(found, problems), err
	}
	if got, err := find(t.Context(), sandbox.Limits{}); err != nil || !strings.Contains(got, "the Application a") || strings.Contains(got, "limit") {
		t.Errorf("without a limit: %s, %v", got, err)
	}
	if got, err := find(t.Context(), sandbox.Limits{Files: 1}); err != nil || !strings.Contains(got, "looking for what it deploys: ") || !strings.Contains(got, "stopped at the limit files=1") {
		t.Errorf("with a limit: %s, %v", got, err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := find(done, sandbox.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %s, %v", got, err)
	}
}

package argocd_test

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/internal/gitserver"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/argocd"
	"github.com/netpol-impact/netpol-impact/render/fetch"
)

// GIT is a server with the repository team/repo, which may be fetched.
func TestASourceElsewhereIsLookedInto(t *testing.T) {
	root := t.TempDir()
	of := gitserver.Make(t, filepath.Join(root, "team", "repo"))
	of.Write("overlay/kustomization.yaml", "{}")
	of.Write("chart/Chart.yaml", "{apiVersion: v2, name: chart, version: 1.0.0}")
	of.Write("chart/values-prod.yaml", "{}")
	of.Write("common/values.yaml", "{}")
	of.Write("plain/all.yaml", "{}")
	of.Write("plain/.argocd-source.yaml", "{}")
	of.Write("plain/more.jsonnet", "{}")
	of.Link("out", "../../../..")
	of.Commit()
	s := gitserver.New(t, root)
	here := fstest.MapFS{"values.yaml": {Data: []byte("{}")}, "here/all.yaml": {Data: []byte("{}")}}
	for name, c := range map[string]struct{ source, want string }{
		"a kustomization":      {"path: overlay", "kustomize GIT/team/repo//overlay"},
		"a chart":              {"path: chart, helm: {valueFiles: [values-prod.yaml, /common/values.yaml]}", "helm GIT/team/repo//chart with values-prod.yaml, GIT/team/repo//common/values.yaml"},
		"a missing value file": {"path: chart, helm: {valueFiles: [values-dev.yaml]}", "there is no value file chart/values-dev.yaml in GIT/team/repo main"},
		"one that may miss":    {"path: chart, helm: {valueFiles: [values-dev.yaml], ignoreMissingValueFiles: true}", "helm GIT/team/repo//chart"},
		"a value file outside": {"path: chart, helm: {valueFiles: [../../values.yaml]}", "leads out of the repository"},
		"a folder":             {"path: plain", "plain GIT/team/repo//plain\nis changed by .argocd-source.yaml of its source, which is not followed\njsonnet is not rendered"},
		"the root":             {"path: .", "plain GIT/team/repo//"},
		"no folder":            {"path: nosuch", "there is no folder nosuch in GIT/team/repo main"},
		"a link out":           {"path: out", "there is no folder out in GIT/team/repo main"},
		"a path that is here":  {"path: here", "plain here\nwhich may be fetched; it is analysed as it is here"},
		"a plugin":             {"path: overlay, plugin: {name: x}", "is rendered by a plugin"},
		"what is not there":    {"path: x, repoURL: 'GIT/team/gone'", "kustomize GIT/team/gone//x"}, // it will not render
		"what is not allowed":  {"path: x, repoURL: 'GIT/other'", "GIT/other in fetch.allow of base's configuration would have it fetched"},
		"a registry":           {"chart: redis, repoURL: 'example.com/charts'", "helm oci://example.com/charts//redis"},
		"ssh":                  {"path: x, repoURL: 'git@example.com:a/b.git'", "git@example.com:a/b.git cannot be fetched from"},
	} {
		t.Run(name, func(t *testing.T) {
			source := c.source
			if !strings.Contains(source, "repoURL") {
				source += ", repoURL: 'GIT/team/repo', targetRevision: main"
			}
			text := "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {destination: {name: prod}, source: {" + source + "}}\n"
			objects, problems := manifest.Read("app.yaml", []byte(strings.ReplaceAll(text, "GIT", s.URL)))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			f := fetch.New(config.Fetching{Allow: []string{s.URL + "/team", "oci://example.com"}}, nil)
			defer f.Close()
			targets, told := argocd.Targets(f.View(t.Context(), here, false), objects[0])
			var got []string
			for _, target := range targets {
				got = append(got, string(target.Kind)+" "+target.String())
			}
			for _, p := range told {
				got = append(got, p.Message)
			}
			all := strings.ReplaceAll(strings.Join(got, "\n"), s.URL, "GIT")
			for _, want := range strings.Split(c.want, "\n") {
				if !strings.Contains(all+"\n", want) {
					t.Errorf("got %q, want %q", all, want)
				}
			}
			if len(got) != 1+strings.Count(c.want, "\n") {
				t.Errorf("got %q", got)
			}
		})
	}
}

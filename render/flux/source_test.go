package flux_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/fetch"
	"github.com/netpol-impact/netpol-impact/render/flux"
)

// What is allowed is at example.com.
func TestASourceIsTakenAsItsObjectSays(t *testing.T) {
	release := "kind: HelmRelease\napiVersion: helm.toolkit.fluxcd.io/v2\nmetadata: {name: r, namespace: apps}\nspec:\n  "
	chart := release + "chart: {spec: {chart: redis, version: 1.x, sourceRef: {kind: HelmRepository, name: s}}}\n"
	ref := release + "chartRef: {kind: OCIRepository, name: s}\n"
	folder := "kind: Kustomization\napiVersion: kustomize.toolkit.fluxcd.io/v1\nmetadata: {name: k, namespace: apps}\nspec: {path: ./deploy, sourceRef: {kind: GitRepository, name: s}}\n"
	source := func(kind, spec string) string {
		return "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: " + kind + "\nmetadata: {name: s, namespace: apps}\nspec: " + spec + "\n"
	}
	here := fstest.MapFS{"here/kustomization.yaml": {Data: []byte("{}")}, "charts/vendored/Chart.yaml": {Data: []byte("{name: vendored, version: 1.0.0}")}}
	for name, c := range map[string]struct{ objects, want string }{
		"a chart repository":    {chart + source("HelmRepository", "{url: 'https://example.com/stable'}"), "helm https://example.com/stable//redis: chart redis 1.x from https://example.com/stable"},
		"a registry":            {chart + source("HelmRepository", "{type: oci, url: 'oci://example.com/charts'}"), "helm oci://example.com/charts//redis: chart redis 1.x from oci://example.com/charts"},
		"a wrong registry":      {chart + source("HelmRepository", "{type: oci, url: 'https://example.com/charts'}"), "its source is of type oci and has another address"},
		"an artifact":           {ref + source("OCIRepository", "{url: 'oci://example.com/charts/redis', ref: {tag: 1.2.0}}"), "helm oci://example.com/charts//redis: chart redis 1.2.0 from oci://example.com/charts"},
		"an artifact's range":   {ref + source("OCIRepository", "{url: 'oci://example.com/charts/redis', ref: {tag: latest, semver: '>=1'}}"), "chart redis >=1 from"},
		"an artifact's digest":  {ref + source("OCIRepository", "{url: 'oci://example.com/charts/redis', ref: {digest: 'sha256:0'}}"), "a digest (ref.digest) is not supported"},
		"a chart object":        {strings.Replace(ref, "OCIRepository", "HelmChart", 1) + source("HelmChart", "{chart: redis, version: 2.0.0, sourceRef: {kind: HelmRepository, name: s}}") + source("HelmRepository", "{url: 'https://example.com/stable'}"), "chart redis 2.0.0 from https://example.com/stable"},
		"a folder":              {folder + source("GitRepository", "{url: 'https://example.com/team/repo', ref: {branch: main, tag: v1}}"), "kustomize https://example.com/team/repo//deploy: https://example.com/team/repo v1"},
		"a commit":              {folder + source("GitRepository", "{url: 'https://example.com/team/repo', ref: {branch: main, commit: abc}}"), "https://example.com/team/repo abc"},
		"the default branch":    {folder + source("GitRepository", "{url: 'https://example.com/team/repo'}"), "https://example.com/team/repo master"},
		"a range of tags":       {folder + source("GitRepository", "{url: 'https://example.com/team/repo', ref: {semver: '>=1'}}"), "a range of versions (ref.semver) of git tags is not supported"},
		"what is left out":      {folder + source("GitRepository", "{url: 'https://example.com/team/repo', ignore: x}"), "https://example.com/team/repo master\nGitRepository apps/s has ignore, which is not followed"},
		"by ssh":                {folder + source("GitRepository", "{url: 'ssh://git@example.com/team/repo'}"), "ssh://git@example.com/team/repo cannot be fetched from: it begins with none of https://"},
		"what is not allowed":   {folder + source("GitRepository", "{url: 'https://example.org/team/repo'}"), "https://example.org/team/repo in fetch.allow of base's configuration would have it fetched"},
		"a bucket":              {strings.Replace(folder, "GitRepository", "Bucket", 1), "only folders of a GitRepository can be fetched"},
		"a source elsewhere":    {folder, "that source is not found in this repository"},
		"another namespace":     {strings.Replace(folder, "namespace: apps", "namespace: other", 1) + source("GitRepository", "{url: 'https://example.com/team/repo'}"), "that source is not found in this repository"},
		"a vendored chart":      {strings.Replace(chart, "redis", "vendored", 1) + source("HelmRepository", "{url: 'https://example.com/stable'}"), "helm https://example.com/stable//vendored: chart vendored"},
		"a vendored one alone":  {strings.Replace(chart, "redis", "vendored", 1) + source("HelmRepository", "{url: 'https://example.org/stable'}"), "helm charts/vendored: this repository"},
		"a folder that is here": {strings.Replace(folder, "./deploy", "./here", 1) + source("GitRepository", "{url: 'https://example.com/team/repo'}"), "kustomize here: this repository\nit deploys ./here of GitRepository s (https://example.com/team/repo), which may be fetched; it is analysed as it is here"},
		"a folder that is ours": {strings.Replace(folder, "./deploy", "./here", 1) + source("GitRepository", "{url: 'https://example.org/team/repo'}"), "kustomize here: this repository"},
		"a chart that is here":  {strings.Replace(strings.Replace(chart, "redis", "charts/vendored", 1), "HelmRepository", "GitRepository", 1) + source("GitRepository", "{url: 'https://example.com/team/repo'}"), "helm charts/vendored: this repository\nit deploys charts/vendored of"},
		"a path that leads out": {strings.Replace(strings.Replace(chart, "redis", "../../x", 1), "HelmRepository", "GitRepository", 1) + source("GitRepository", "{url: 'https://example.com/team/repo'}"), "its path leads out of that repository"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, problems := manifest.Read("all.yaml", []byte(c.objects))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			f := fetch.New(config.Fetching{Allow: []string{"https://example.com", "oci://example.com"}}, nil)
			defer f.Close()
			beside := func(kind, namespace, name string) *manifest.Object {
				for _, o := range objects {
					if flux.Holds(o) && o.Key() == flux.Key(kind, namespace, name) {
						return o
					}
				}
				return nil
			}
			targets, told := flux.Targets(f.View(t.Context(), here, false), objects[0], beside)
			var got []string
			for _, target := range targets {
				from := "this repository"
				if target.Source != nil {
					from = target.Source.String()
				}
				got = append(got, string(target.Kind)+" "+target.Path+": "+from)
			}
			for _, p := range told {
				got = append(got, p.Message)
			}
			if len(got) != 1+strings.Count(c.want, "\n") || !strings.Contains(strings.Join(got, "\n"), c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

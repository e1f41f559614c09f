package discover_test

import (
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/discover"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// large is a repository with as many targets as asked for and ten files for each: overlays of one base in one
// environment, charts, folders of plain manifests, and what Argo CD, Flux and helmfile know.
func large(targets int) fs.FS {
	files := map[string][]byte{"base/kustomization.yaml": []byte("resources: [all.yaml]\n"), "base/all.yaml": []byte(service("all", "1"))}
	for i := range targets {
		at := fmt.Sprintf("apps/overlays/prod/%04d", i)
		switch i % 5 {
		case 0:
			files[at+"/kustomization.yaml"] = []byte("resources: [../../../../base, extra]\nnamePrefix: a-\n")
			files[at+"/extra/kustomization.yaml"] = []byte("resources: [a.yaml]\n")
		case 1:
			at = fmt.Sprintf("charts/%04d", i)
			files[at+"/Chart.yaml"] = []byte("name: a\nversion: 1.0.0\n")
		case 2:
			at = fmt.Sprintf("plain/%04d", i)
		case 3:
			at = fmt.Sprintf("argo/%04d", i)
			files[fmt.Sprintf("argo-apps/%04d/app.yaml", i)] = []byte(fmt.Sprintf("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a%d}\nspec: {source: {path: %s}, destination: {namespace: shop}}\n", i, at))
		case 4:
			at = fmt.Sprintf("flux/%04d", i)
			files[fmt.Sprintf("flux-apps/%04d/app.yaml", i)] = []byte(fmt.Sprintf("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a%d, namespace: flux-system}\nspec: {path: ./%s, sourceRef: {kind: GitRepository, name: a}}\n", i, at))
		}
		for n := range 9 {
			files[fmt.Sprintf("%s/extra/%d.yaml", at, n)] = []byte(service(fmt.Sprintf("s-%d-%d", i, n), "1"))
		}
	}
	return tree.Memory(files)
}

// look finds the targets, what each reads, and the clusters, and returns how many targets there are.
func look(tb testing.TB, fsys fs.FS) int {
	found, problems, err := discover.Targets(tb.Context(), fsys, config.Config{}, &render.Renderer{Limits: sandbox.Limits{Time: time.Hour}})
	if err != nil || len(problems) > 0 {
		tb.Fatal(problems, err)
	}
	for _, f := range found {
		f.Reads()
	}
	discover.Clusters(found, func(f discover.Found) (base, head []*manifest.Object) {
		objects, _ := manifest.Read("a.yaml", []byte(service(f.Target.Path, "1")))
		return objects, objects
	})
	return len(found)
}

func BenchmarkTargets(b *testing.B) {
	for _, targets := range []int{250, 500, 1000, 2000} {
		fsys := large(targets)
		b.Run(fmt.Sprint(targets), func(b *testing.B) {
			for b.Loop() {
				if got := look(b, fsys); got < targets {
					b.Fatalf("%d targets", got)
				}
			}
		})
	}
}

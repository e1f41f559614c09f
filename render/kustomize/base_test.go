package kustomize

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/internal/gitserver"
	"github.com/netpol-impact/netpol-impact/render/fetch"
)

// A codeHost serves git repositories to tests.
type codeHost struct {
	*gitserver.Server
	t    *testing.T
	root string
}

func newCodeHost(t *testing.T) *codeHost {
	t.Helper()
	h := &codeHost{t: t, root: t.TempDir()}
	h.Server = gitserver.New(t, h.root)
	return h
}

// add makes a repository of the files of an archive, in which SERVER is the host, with a tag v1.
func (h *codeHost) add(name, text string) gitserver.Repository {
	h.t.Helper()
	r := gitserver.Make(h.t, filepath.Join(h.root, name))
	for _, f := range txtar.Parse([]byte(strings.ReplaceAll(text, "SERVER", h.URL))).Files {
		r.Write(f.Name, string(f.Data))
	}
	r.Commit()
	r.Git("tag", "v1")
	return r
}

// view is a tree of the files of an archive that is built where some addresses are allowed.
func (h *codeHost) view(text string, allow ...string) (*fetch.View, fstest.MapFS) {
	h.t.Helper()
	files := make(fstest.MapFS)
	for _, f := range txtar.Parse([]byte(strings.ReplaceAll(text, "SERVER", h.URL))).Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	f := fetch.New(config.Fetching{Allow: allow}, nil)
	h.t.Cleanup(f.Close)
	return f.View(h.t.Context(), files, false), files
}

const agentRepository = `
-- deploy/kustomization.yaml --
resources: [agent.yaml, ../common, 'SERVER/team/lib//deep/down?ref=v1']
components: [../extra]
configMapGenerator:
- {name: settings, literals: [a=b]}
patches:
- path: patch.yaml
-- deploy/agent.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: agent}
spec:
  replicas: 1
  template: {spec: {containers: [{name: c, image: agent}]}}
-- deploy/patch.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: agent}
spec: {replicas: 2}
-- common/kustomization.yaml --
resources: [service.yaml]
-- common/service.yaml --
apiVersion: v1
kind: Service
metadata: {name: agent}
-- extra/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
namePrefix: x-
-- kustomization.yaml --
resources: [common]
nameSuffix: -root
`

const libRepository = `
-- deep/down/kustomization.yaml --
resources: [lib.yaml]
-- deep/down/lib.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: lib}
-- labels/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
commonLabels: {team: a}
`

func TestBasesOfOtherRepositoriesAreFetched(t *testing.T) {
	h := newCodeHost(t)
	h.add("team/agent", agentRepository)
	h.add("team/lib", libRepository)
	for name, origins := range map[string]string{"": "", "with origins": "buildMetadata: [originAnnotations]\n"} {
		t.Run(name, func(t *testing.T) {
			view, files := h.view(`
-- overlays/prod/kustomization.yaml --
`+origins+`namespace: shop
resources:
- ../../own
- SERVER/team/agent//deploy?ref=v1
- SERVER/team/agent?ref=main
components:
- SERVER/team/lib//labels?ref=v1
patches:
- path: replicas.yaml
-- overlays/prod/replicas.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: x-agent}
spec:
  replicas: 5
-- own/kustomization.yaml --
resources: [own.yaml]
-- own/own.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: own}
`, h.URL)
			b, err := build(context.Background(), view, "overlays/prod")
			if err != nil {
				t.Fatal(err)
			}
			objects, problems, err := b.objects()
			if err != nil || len(problems) > 0 {
				t.Fatal(problems, err)
			}
			line := 4
			if origins != "" {
				line++
			}
			for _, want := range []string{
				fmt.Sprintf("overlays/prod/kustomization.yaml:%d Deployment shop/x-agent", line),
				fmt.Sprintf("overlays/prod/kustomization.yaml:%d ServiceAccount shop/x-lib", line),
				fmt.Sprintf("overlays/prod/kustomization.yaml:%d Service shop/agent-root", line+1),
				"own/own.yaml:1 ConfigMap shop/own",
			} {
				if got := describe(objects); !strings.Contains(got, want+"\n") {
					t.Errorf("got\n%s\nand not %s", got, want)
				}
			}
			agent := objectAt(t, objects, "Deployment shop/x-agent")
			if got := agent.At(agent.Body.Get("spec", "replicas")); got.File != "overlays/prod/replicas.yaml" || got.Line != 5 {
				t.Errorf("what a patch changes is at %v", got)
			}
			if got := agent.At(agent.Body.Get("spec", "template")); got.File != "overlays/prod/kustomization.yaml" || got.Line != line {
				t.Errorf("what is elsewhere is at %v", got)
			}
			if *program == "" {
				t.Log("SKIPPED: give -kustomize=PATH to compare with the real program")
				return
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, files); err != nil {
				t.Fatal(err)
			}
			run := exec.Command(*program, "build", filepath.Join(dir, "overlays/prod"))
			run.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1"}
			real, err := run.Output()
			got, printed := b.output.AsYaml()
			// Of a repository's root the program tells the name of the folder into which it would have cloned.
			wanted := strings.ReplaceAll(string(real), "path: notCloned/", "path: ")
			if err != nil || printed != nil || wanted != string(got) {
				t.Errorf("kustomize prints (%v)\n%s\nand we\n%s", err, wanted, got)
			}
		})
	}
}

func TestWhatABaseElsewhereMayNotDo(t *testing.T) {
	h := newCodeHost(t)
	hostile := h.add("team/hostile", `
-- out/kustomization.yaml --
resources: [../../../own]
-- file/kustomization.yaml --
resources: [../../own/own.yaml]
-- absolute/kustomization.yaml --
resources: [/etc]
-- circle/kustomization.yaml --
resources: ['SERVER/team/hostile//circle?ref=v1']
-- more/kustomization.yaml --
resources: [SERVER/team/other]
-- remote/kustomization.yaml --
resources: [https://example.com/x.yaml]
-- plugin/kustomization.yaml --
generators: [g.yaml]
-- plugin/g.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: x
  annotations: {config.kubernetes.io/function: "exec: {path: ./run.sh}"}
-- broken/kustomization.yaml --
resources: [x.yaml]
-- broken/x.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: x
-- lacks/kustomization.yaml --
resources: [gone.yaml]
-- none/x.yaml --
{}
-- bomb/kustomization.yaml --
resources: [x.yaml]
-- bomb/x.yaml --
`+aliasBomb+`-- patched/kustomization.yaml --
resources: [../ok]
patches: [{path: ../../own/own.yaml}]
-- ok/kustomization.yaml --
resources: [ok.yaml]
-- ok/ok.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: ok}
`)
	hostile.Write("links/kustomization.yaml", "resources: [out.yaml]")
	hostile.Link("links/out.yaml", "../../../../../../etc/passwd")
	hostile.Write("absolutelinks/kustomization.yaml", "resources: [out.yaml]")
	hostile.Link("absolutelinks/out.yaml", "/etc/passwd")
	hostile.Link("folderlink", "../../own")
	hostile.Write("lfs/kustomization.yaml", "resources: [x.yaml]")
	hostile.Write("lfs/x.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
	sub := h.add("team/sub", "-- kustomization.yaml --\nresources: []\n")
	hostile.Git("submodule", "--quiet", "add", "file://"+sub.Dir, "sub")
	hostile.Commit()
	hostile.Git("tag", "--force", "v1")
	chain := func(i int) string {
		return fmt.Sprintf("-- kustomization.yaml --\nresources: ['SERVER/team/chain%d?ref=v1']\n", i+1)
	}
	for i := range maxBaseDepth + 1 {
		h.add(fmt.Sprintf("team/chain%d", i), chain(i))
	}
	for ref, want := range map[string]string{
		"SERVER/team/hostile//out?ref=v1":           "?ref=v1 out/kustomization.yaml:1: resources: ../../../own leads out of the repository",
		"SERVER/team/hostile//file?ref=v1":          "leads out of the repository",
		"SERVER/team/hostile//patched?ref=v1":       "leads out of the repository",
		"SERVER/team/hostile//absolute?ref=v1":      "is an absolute path",
		"SERVER/team/hostile//circle?ref=v1":        "leads back to itself",
		"SERVER/team/hostile//more?ref=v1":          "is remote, and nothing is fetched while rendering; commit a copy and name its path here, or have it fetched (" + h.URL + "/team/other in fetch.allow",
		"SERVER/team/hostile//remote?ref=v1":        "https://example.com/x.yaml is remote, and nothing is fetched",
		"SERVER/team/hostile//plugin?ref=v1":        "plugin",
		"SERVER/team/hostile//broken?ref=v1":        "reading " + h.URL + "/team/hostile?ref=v1 broken/x.yaml:2",
		"SERVER/team/hostile//lacks?ref=v1":         "gone.yaml does not exist",
		"SERVER/team/hostile//none?ref=v1":          "is a folder without a kustomization.yaml",
		"SERVER/team/hostile//none/x.yaml?ref=v1":   "is a file; a folder with a kustomization is needed",
		"SERVER/team/hostile//gone?ref=v1":          "there is no folder gone in that commit",
		"SERVER/team/hostile//ok?ref=v2":            `has no branch or tag "v2"`,
		"SERVER/team/hostile//../../own?ref=v1":     "is remote",
		"SERVER/team/hostile//bomb?ref=v1":          "once its aliases are expanded",
		"SERVER/team/hostile//links?ref=v1":         "leads out of the tree",
		"SERVER/team/hostile//absolutelinks?ref=v1": "leads out of the tree",
		"SERVER/team/hostile//folderlink?ref=v1":    "leads out of the tree",
		"SERVER/team/hostile//sub?ref=v1":           "is a git submodule",
		"SERVER/team/hostile//lfs?ref=v1":           "it is a Git LFS pointer",
		"SERVER/team/chain0?ref=v1":                 "more than 8 deep",
		"SERVER/other/repo?ref=v1":                  "or have it fetched (" + h.URL + "/other/repo in fetch.allow of the configuration)",
		"git@127.0.0.1:team/hostile":                "only https can be fetched",
		"file:///etc":                               "only https can be fetched",
	} {
		view, _ := h.view("-- kustomization.yaml --\nresources: ['"+ref+"']\n-- own/own.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n-- own/kustomization.yaml --\nresources: [own.yaml]\n",
			h.URL+"/team/hostile", h.URL+"/team/sub", h.URL+"/team/chain0", h.URL+"/team/chain1", h.URL+"/team/chain2", h.URL+"/team/chain3", h.URL+"/team/chain4",
			h.URL+"/team/chain5", h.URL+"/team/chain6", h.URL+"/team/chain7", h.URL+"/team/chain8")
		_, _, err := Build(context.Background(), view, ".")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
		if err != nil && strings.Contains(err.Error(), fetch.FolderPrefix) {
			t.Errorf("%s: an error by a name that nobody knows: %v", ref, err)
		}
	}
}

func TestNoFolderStandsForAFetchedOne(t *testing.T) {
	h := newCodeHost(t)
	h.add("team/lib", libRepository)
	var at string
	view, _ := h.view("-- kustomization.yaml --\nresources: ['SERVER/team/lib//deep/down?ref=v1']\n", h.URL)
	b, err := build(t.Context(), view, ".")
	if err != nil {
		t.Fatal(err)
	}
	for at = range b.bases {
	}
	own := "-- FOLDER/deep/down/kustomization.yaml --\nresources: []\n"
	for text, want := range map[string]string{
		own + "-- kustomization.yaml --\nresources: ['SERVER/team/lib//deep/down?ref=v1']\n":  "rename that",
		own + "-- kustomization.yaml --\nresources: [FOLDER/deep/down]\n":                     "leads out of the repository",
		"-- kustomization.yaml --\nresources: ['SERVER/team/lib?ref=v1', FOLDER/deep/down]\n": "",
	} {
		view, _ := h.view(strings.ReplaceAll(text, "FOLDER", at), h.URL)
		_, _, err := Build(t.Context(), view, ".")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestAddressesOfRepositoriesAreReadAsKustomizeReadsThem(t *testing.T) {
	for ref, want := range map[string]string{
		"github.com/org/repo":                               "https://github.com/org/repo . ",
		"github.com/org/repo//deep/down?ref=v1":             "https://github.com/org/repo deep/down v1",
		"github.com/org/repo/deep?ref=v1&timeout=3s":        "https://github.com/org/repo deep v1",
		"https://github.com/org/repo.git/deep?version=v1":   "https://github.com/org/repo.git deep v1",
		"https://GitHub.com/org/repo?ref=a/b":               "https://github.com/org/repo . a/b",
		"git::https://example.com/a/b/c.git//d":             "https://example.com/a/b/c.git d ",
		"https://dev.azure.com/o/p/_git/r/deep?ref=x":       "https://dev.azure.com/o/p/_git/r deep x",
		"https://example.com/a/b//notCloned":                "https://example.com/a/b notCloned ",
		"http://127.0.0.1:80/a/b.git?ref=v1&submodules=off": "http://127.0.0.1:80/a/b.git . v1",
	} {
		b, err := parseBase(ref)
		if got := b.repository + " " + b.folder + " " + b.ref; err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", ref, got, err, want)
		}
		if !isRemote(ref) {
			t.Errorf("%s is not remote", ref)
		}
	}
}

// An address that a base has is one that config takes for what it looks like, or none, and its folder is in the repository.
func FuzzParseBase(f *testing.F) {
	for _, seed := range []string{"github.com/org/repo//deep?ref=v1", "git::https://example.com/a/b.git//../c", "https://example.com/a/b//notCloned", "git@github.com:a/b", "https://a@b/c/d?version=x&ref="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		b, err := parseBase(ref)
		if err != nil {
			return
		}
		if !strings.HasPrefix(b.repository, "https://") && !strings.HasPrefix(b.repository, "http://") {
			t.Errorf("%q has the address %q", ref, b.repository)
		}
		if !isRemote(ref) {
			t.Errorf("%q has the address %q and is not remote", ref, b.repository)
		}
		if at := path.Join("root", b.folder); at != "root" && !strings.HasPrefix(at, "root/") {
			t.Errorf("%q leads to %q", ref, b.folder)
		}
	})
}

package helm

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/internal/realprogram"
	"github.com/netpol-impact/netpol-impact/manifest"
)

var (
	program = flag.String("helm", "", "compare with this helm program, of v4")
	corpus  = flag.String("corpus", "", "folders with charts to compare, separated as in $PATH")
)

// apart are the scenarios that differ from the real program on purpose.
var apart = map[string]string{
	"broken-document.txtar":        "one broken document does not hide the others",
	"old-kubernetes.txtar":         "a chart gets a Kubernetes that it allows",
	"dependency-on-itself.txtar":   "a dependency that is a folder is read from there",
	"schema-is-not-followed.txtar": "a schema may name files and addresses, so that values are not held to it",
}

func TestOutputEqualsTheRealProgram(t *testing.T) {
	if *program == "" {
		t.Skip("SKIPPED: give -helm=PATH to compare with the real program")
	}
	var table realprogram.Table
	eachScenario(t, func(t *testing.T, file string) {
		if why, ok := apart[filepath.Base(file)]; ok {
			table.Apart(file, why)
			return
		}
		a, tree, release := scenario(t, file)
		dir := t.TempDir()
		if err := os.CopyFS(dir, tree); err != nil {
			t.Fatal(err)
		}
		if filepath.Base(file) == "dependencies.txtar" {
			// The program wants what `helm dependency build` makes of folders elsewhere.
			for _, move := range [][2]string{{"inner", "shared/charts/inner"}, {"shared", "app/charts/shared"}} {
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(move[1])), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(filepath.Join(dir, move[0]), filepath.Join(dir, move[1])); err != nil {
					t.Fatal(err)
				}
			}
			removeDisabled(t, filepath.Join(dir, "app/Chart.yaml"))
		}
		compare(t, comparison{table: &table, title: file, tree: os.DirFS(dir), root: dir, release: release,
			refused: a.Files[len(a.Files)-1].Name == "error", random: filepath.Base(file) == "random.txtar"})
	})
	for _, root := range filepath.SplitList(*corpus) {
		eachChart(t, root, func(t *testing.T, release Release) {
			title := filepath.Join(root, release.Chart) + strings.Join(append([]string{""}, release.Values...), " with ")
			if release.Overrides != nil {
				title += " with every switch turned"
			}
			compare(t, comparison{table: &table, title: title, tree: os.DirFS(root), root: root, release: release})
		})
	}
	table.Print(os.Stdout, "helm template, document by document")
}

// eachChart calls test with every chart below root that is no part of another one: alone, with each file beside it that
// looks like values, and with every true or false of its own values turned to the other.
func eachChart(t *testing.T, root string, test func(t *testing.T, release Release)) {
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Base(name) != "Chart.yaml" || strings.Contains(name, "/charts/") {
			return err
		}
		chart := path.Dir(name)
		releases := []Release{{Chart: chart}}
		files, err := fs.Glob(tree, path.Join(chart, "values?*.yaml"))
		for _, file := range files {
			releases = append(releases, Release{Chart: chart, Values: []string{file}})
		}
		if own, err := readValues(tree, []string{path.Join(chart, "values.yaml")}); err == nil {
			releases = append(releases, Release{Chart: chart, Overrides: turned(own)})
		}
		for _, release := range releases {
			t.Run(chart, func(t *testing.T) { test(t, release) })
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// turned are the values that differ from a chart's own in every switch.
func turned(values map[string]any) map[string]any {
	out := make(map[string]any)
	for key, value := range values {
		switch value := value.(type) {
		case bool:
			out[key] = !value
		case map[string]any:
			out[key] = turned(value)
		}
	}
	return out
}

// removeDisabled takes the dependencies out that are not there: the program asks for them even if they are disabled.
func removeDisabled(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool {
		return strings.Contains(line, "condition:") || strings.Contains(line, "tags:")
	})
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

type comparison struct {
	table   *realprogram.Table
	title   string
	tree    fs.FS
	root    string
	release Release
	// refused tells that both shall refuse, random that only the shape of the documents is to be the same.
	refused, random bool
}

// compare renders one release with the real program, which reaches no network.
func compare(t *testing.T, c comparison) {
	got, _, err := Render(context.Background(), c.tree, c.release)
	run := exec.Command(*program, arguments(t, c)...)
	run.Env = []string{"HOME=" + t.TempDir(), "HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1"}
	output, wantErr := run.Output()
	if err != nil && wantErr != nil && c.refused {
		c.table.Refused(c.title)
		return
	}
	want, problems := manifest.Read("output", output)
	want = slices.DeleteFunc(want, func(o *manifest.Object) bool { return !isDeployed(o) })
	g, w := documents(got, c.random), documents(want, c.random)
	switch {
	case err != nil || wantErr != nil:
		var exit *exec.ExitError
		if errors.As(wantErr, &exit) {
			wantErr = fmt.Errorf("%w: %s", wantErr, exit.Stderr)
		}
		t.Errorf("got error %v, the program says %v", err, wantErr)
	case len(problems) > 0:
		t.Errorf("the program's output cannot be read: %v", problems)
	case !slices.Equal(g, w):
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(g, "\n"), strings.Join(w, "\n"))
	}
	c.table.Add(t, c.title, len(w), len(output))
}

func arguments(t *testing.T, c comparison) []string {
	name := c.release.Name
	if text, err := fs.ReadFile(c.tree, path.Join(c.release.Chart, "Chart.yaml")); err == nil && name == "" {
		name = nameIn(text)
	}
	args := []string{"template", "--kube-version", fmt.Sprintf("v1.%d.%d", kubeMinor, kubePatch), name, filepath.Join(c.root, c.release.Chart)}
	for _, version := range apiVersions(kubeMinor) {
		args = append(args, "--api-versions", version)
	}
	for _, file := range c.release.Values {
		args = append(args, "--values", filepath.Join(c.root, file))
	}
	if c.release.Overrides != nil {
		text, err := json.Marshal(c.release.Overrides)
		file := filepath.Join(t.TempDir(), "overrides.yaml")
		if err := errors.Join(err, os.WriteFile(file, text, 0o644)); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--values", file)
	}
	if c.release.Namespace != "" {
		args = append(args, "--namespace", c.release.Namespace)
	}
	return args
}

// documents are objects as sorted lines of JSON; of their shape alone every text is left out.
func documents(objects []*manifest.Object, shape bool) []string {
	var all []string
	for _, o := range objects {
		body := *o.Body
		if shape {
			body = shapeOf(body)
		}
		all = append(all, string(body.AppendJSON(nil)))
	}
	slices.Sort(all)
	return all
}

func shapeOf(n manifest.Node) manifest.Node {
	if n.Kind == manifest.String {
		n.Text = ""
	}
	n.Items = slices.Clone(n.Items)
	for i, item := range n.Items {
		if n.Kind == manifest.List || i%2 == 1 {
			n.Items[i] = shapeOf(item)
		}
	}
	return n
}

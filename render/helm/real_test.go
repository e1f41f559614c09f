package helm

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

var (
	program = flag.String("helm", "", "compare with this helm program, of v4")
	charts  = flag.String("charts", "", "more charts to compare, as CHART or CHART:VALUES from the root, separated by commas")
)

func TestOutputEqualsTheRealProgram(t *testing.T) {
	if *program == "" {
		t.Skip("SKIPPED: give -helm=PATH to compare with the real program")
	}
	eachScenario(t, func(t *testing.T, file string) {
		_, tree, release := scenario(t, file)
		dir := t.TempDir()
		if err := os.CopyFS(dir, tree); err != nil {
			t.Fatal(err)
		}
		switch filepath.Base(file) {
		case "random.txtar", "broken-document.txtar", "old-kubernetes.txtar", "dependency-on-itself.txtar", "schema-is-not-followed.txtar":
			t.Skip("differs on purpose")
		case "dependencies.txtar":
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
		compare(t, os.DirFS(dir), dir, release)
	})
	for _, name := range strings.FieldsFunc(*charts, func(r rune) bool { return r == ',' }) {
		t.Run(name, func(t *testing.T) {
			chart, values, found := strings.Cut(name, ":")
			release := Release{Chart: strings.TrimPrefix(chart, "/")}
			if found {
				release.Values = []string{strings.TrimPrefix(values, "/")}
			}
			compare(t, os.DirFS("/"), "/", release)
		})
	}
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

func compare(t *testing.T, tree fs.FS, root string, release Release) {
	got, _, err := Render(context.Background(), tree, release)
	name := release.Name
	if name == "" && err == nil {
		text, err := fs.ReadFile(tree, release.Chart+"/Chart.yaml")
		if err != nil {
			t.Fatal(err)
		}
		name = nameIn(text)
	}
	args := []string{"template", "--kube-version", fmt.Sprintf("v1.%d.%d", kubeMinor, kubePatch), name, filepath.Join(root, release.Chart)}
	for _, version := range apiVersions {
		args = append(args, "--api-versions", version)
	}
	for _, file := range release.Values {
		args = append(args, "--values", filepath.Join(root, file))
	}
	if release.Namespace != "" {
		args = append(args, "--namespace", release.Namespace)
	}
	output, wantErr := exec.Command(*program, args...).Output()
	if err != nil || wantErr != nil {
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("got error %v, the program says %v", err, wantErr)
		}
		t.Logf("both refuse: %v", err)
		return
	}
	want, problems := manifest.Read("output", output)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want = slices.DeleteFunc(want, func(o *manifest.Object) bool { return !isDeployed(o) })
	g, w := documents(got), documents(want)
	if !slices.Equal(g, w) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(g, "\n"), strings.Join(w, "\n"))
	}
	t.Logf("the same %d documents", len(w))
}

func documents(objects []*manifest.Object) []string {
	var all []string
	for _, o := range objects {
		all = append(all, string(o.Body.AppendJSON(nil)))
	}
	slices.Sort(all)
	return all
}

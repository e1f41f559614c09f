package kustomize

import (
	"bytes"
	"context"
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

	"sigs.k8s.io/kustomize/api/konfig"

	"github.com/netpol-impact/netpol-impact/internal/realprogram"
	"github.com/netpol-impact/netpol-impact/manifest"
)

var (
	program     = flag.String("kustomize", "", "compare with this kustomize program, of v5.8")
	helmProgram = flag.String("helm", "", "the helm program, of v4, that the kustomize program shall start for charts")
	corpus      = flag.String("corpus", "../../testdata", "folders with kustomizations, separated as in $PATH")
)

// eachKustomization calls test with the folder of every kustomization below the corpus.
func eachKustomization(t *testing.T, test func(t *testing.T, root, dir string)) {
	for _, root := range filepath.SplitList(*corpus) {
		err := fs.WalkDir(os.DirFS(root), ".", func(name string, _ fs.DirEntry, err error) error {
			if slices.Contains(konfig.RecognizedKustomizationFileNames(), path.Base(name)) {
				t.Run(filepath.Join(root, path.Dir(name)), func(t *testing.T) { test(t, root, path.Dir(name)) })
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestOutputEqualsTheRealProgram(t *testing.T) {
	if *program == "" {
		t.Skip("SKIPPED: give -kustomize=PATH to compare with the real program")
	}
	var table realprogram.Table
	eachKustomization(t, func(t *testing.T, root, dir string) {
		compare(t, &table, filepath.Join(root, dir), root, dir)
	})
	// Scenarios that end in an error are about what is refused on purpose, and some would take the real program to the
	// network or all memory.
	eachScenario(t, func(t *testing.T, file string) {
		a, tree, target := scenario(t, file)
		if a.Files[len(a.Files)-1].Name == "error" {
			return
		}
		dir := t.TempDir()
		if err := os.CopyFS(dir, tree); err != nil {
			t.Fatal(err)
		}
		compare(t, &table, file, dir, target)
	})
	table.Print(os.Stdout, "kustomize build, byte by byte")
}

// compare builds one kustomization with the real program, which reaches no network and finds no other programs.
func compare(t *testing.T, table *realprogram.Table, name, root, dir string) {
	args := []string{"build", filepath.Join(root, dir)}
	if *helmProgram != "" {
		args = append(args, "--enable-helm", "--helm-command", *helmProgram)
	}
	run := exec.Command(*program, args...)
	run.Env = []string{"HOME=" + t.TempDir(), "HTTPS_PROXY=http://127.0.0.1:1", "HTTP_PROXY=http://127.0.0.1:1"}
	want, wantErr := run.Output()
	b, err := build(context.Background(), os.DirFS(root), dir)
	var got []byte
	if err == nil {
		if _, _, err = b.objects(); err == nil {
			got, err = b.output.AsYaml()
		}
	}
	// The label tells the version of whoever builds; nobody can know which one a deployer has.
	got = bytes.ReplaceAll(got, []byte("managed-by: kustomize-(devel)"), []byte("managed-by: kustomize-v5.8.1"))
	switch {
	case err != nil && wantErr != nil:
		table.Refused(name)
		return
	case err != nil || wantErr != nil:
		var exit *exec.ExitError
		if errors.As(wantErr, &exit) {
			wantErr = fmt.Errorf("%w: %s", wantErr, exit.Stderr)
		}
		t.Errorf("got error %v, the program says %v", err, wantErr)
	case !bytes.Equal(got, want):
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	documents := 0
	for range manifest.Documents(want) {
		documents++
	}
	table.Add(t, name, documents, len(want))
}

func TestObjectsAreThoseOfTheOutput(t *testing.T) {
	eachKustomization(t, func(t *testing.T, root, dir string) {
		b, err := build(context.Background(), os.DirFS(root), dir)
		if err != nil {
			return // a component cannot be built alone
		}
		got, _, err := b.objects()
		if err != nil {
			return // a key twice, which kustomize tells only when it prints
		}
		text, err := b.output.AsYaml()
		if err != nil {
			t.Fatal(err)
		}
		want, _ := manifest.Read("output", text)
		if len(got) != len(want) {
			t.Fatalf("got %d objects, want %d", len(got), len(want))
		}
		for i := range got {
			if g, w := canonical(got[i].Body), canonical(want[i].Body); g != w {
				t.Errorf("%s: got %s, want %s", got[i], g, w)
			}
		}
	})
}

// canonical is a node's JSON with sorted keys.
func canonical(n *manifest.Node) string {
	switch n.Kind {
	case manifest.Map:
		var fields []string
		n.Fields(func(key, value *manifest.Node) bool {
			fields = append(fields, fmt.Sprintf("%q:%s", key.Text, canonical(value)))
			return true
		})
		slices.Sort(fields)
		return "{" + strings.Join(fields, ",") + "}"
	case manifest.List:
		var items []string
		for i := range n.Items {
			items = append(items, canonical(&n.Items[i]))
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	return string(n.AppendJSON(nil))
}

func TestLinesAreTrue(t *testing.T) {
	eachKustomization(t, func(t *testing.T, root, dir string) {
		tree := os.DirFS(root)
		objects, _, err := Build(context.Background(), tree, dir)
		if err != nil {
			return
		}
		for _, o := range objects {
			if o.Origin.Line == 0 {
				t.Errorf("%s of %s has no line", o, o.Origin.File)
			}
			checkLines(t, tree, o)
		}
	})
}

// checkLines looks for the text of each key and each short value on the line that it claims to stand on, in the file that
// it claims. A value that was changed claims its key's line, so there it is the key that is looked for; what an operation
// or a replacement writes claims the line of that.
func checkLines(t *testing.T, tree fs.FS, o *manifest.Object) {
	t.Helper()
	files := make(map[string][]string)
	holds := func(n *manifest.Node, texts ...string) bool {
		at := o.At(n)
		if files[at.File] == nil {
			text, err := fs.ReadFile(tree, at.File)
			if err != nil {
				t.Errorf("%s: %v", o, err)
			}
			files[at.File] = strings.Split(string(text), "\n")
		}
		if at.Line < 1 || at.Line > len(files[at.File]) {
			t.Errorf("%s: %s has no line %d", o, at.File, at.Line)
			return true
		}
		if n.Source > 0 {
			texts = append(texts, "op:", "value:", "fieldPaths:", "- spec.", "- data.")
		}
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(files[at.File][at.Line-1], text) })
	}
	samePlace := func(a, b *manifest.Node) bool { return a.Line == b.Line && a.Source == b.Source }
	var check func(n, outer *manifest.Node)
	check = func(n, outer *manifest.Node) {
		n.Fields(func(key, value *manifest.Node) bool {
			if key.Line > 0 && !samePlace(key, n) && !holds(key, key.Text) {
				t.Errorf("%s: %v does not hold the key %s", o, o.At(key), key.Text)
			}
			if value.Line > 0 && value.Source == key.Source && value.Line < key.Line {
				t.Errorf("%s: %s is said to be on line %d, before its key on %d", o, key.Text, value.Line, key.Line)
			}
			check(value, key)
			return true
		})
		for i := range n.Elements() {
			check(&n.Items[i], n)
		}
		if n.Kind > manifest.Null && n.Kind < manifest.List && n.Line > 0 && !samePlace(n, outer) && !strings.Contains(n.Text, "\n") && !holds(n, n.Text) {
			t.Errorf("%s: %v does not hold %q", o, o.At(n), n.Text)
		}
	}
	check(o.Body, &manifest.Node{})
}

package plain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
)

func tree(files map[string]string) fs.FS {
	fsys := make(fstest.MapFS, len(files))
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

const service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"

func TestReadFindsWhatIsAManifest(t *testing.T) {
	tests := []struct {
		name  string
		at    string
		files map[string]string
		want  []string
		wrong []string
	}{
		{
			name:  "folder with subfolders, in the order of paths",
			at:    "k8s",
			files: map[string]string{"k8s/b.yml": service, "k8s/a/x.json": `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}`, "other/c.yaml": service},
			want:  []string{"k8s/a/x.json:1 Pod p", "k8s/b.yml:1 Service web"},
		},
		{
			name:  "one file, whatever its name",
			at:    "k8s/b.txt",
			files: map[string]string{"k8s/b.txt": "# first\n---\n" + service, "k8s/c.yaml": service},
			want:  []string{"k8s/b.txt:3 Service web"},
		},
		{
			name:  "hidden folders are passed over, hidden files are not",
			at:    ".",
			files: map[string]string{".github/x.yaml": service, ".hidden.yaml": service, ".gitlab-ci.yml": "stages: []\n", "a.yaml": service},
			want:  []string{".hidden.yaml:1 Service web", "a.yaml:1 Service web"},
		},
		{
			name:  "a hidden folder that is asked for is read",
			at:    ".deploy",
			files: map[string]string{".deploy/a.yaml": service},
			want:  []string{".deploy/a.yaml:1 Service web"},
		},
		{
			name: "files of other programs and of kustomize are no manifests",
			at:   ".",
			files: map[string]string{
				"values.yaml":        "a: 1\n",
				"notes.md":           service,
				"kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
				"labels.yaml":        "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\n",
				"a.yaml":             service,
			},
			want: []string{"a.yaml:1 Service web"},
		},
		{
			name:  "charts are passed over without a word",
			at:    ".",
			files: map[string]string{"charts/app/Chart.yaml": "name: app\n", "charts/app/templates/a.yaml": "apiVersion: v1\nkind: {{ x }}\n", "a.yaml": service},
			want:  []string{"a.yaml:1 Service web"},
		},
		{
			name:  "a chart at the root hides only its own folders",
			at:    ".",
			files: map[string]string{"Chart.yaml": "name: app\n", "templates/a.yaml": "apiVersion: v1\nkind: {{ x }}\n", "k8s/a.yaml": service},
			want:  []string{"k8s/a.yaml:1 Service web"},
		},
		{
			name:  "a broken document is told and its neighbours stay",
			at:    ".",
			files: map[string]string{"a.yaml": "apiVersion: v1\nkind: [\n---\n" + service, "b.yaml": service},
			want:  []string{"a.yaml:4 Service web", "b.yaml:1 Service web"},
			wrong: []string{"a.yaml"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			objects, problems, err := Read(context.Background(), tree(test.files), test.at, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got, wrong []string
			for _, o := range objects {
				got = append(got, fmt.Sprintf("%s:%d %s", o.Origin.File, o.Origin.Line, o))
			}
			for _, p := range problems {
				wrong = append(wrong, p.File)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("objects: got %q, want %q", got, test.want)
			}
			if !slices.Equal(wrong, test.wrong) {
				t.Errorf("diagnostics: got %v, want them about %q", problems, test.wrong)
			}
		})
	}
}

func TestReadOfNothingIsAnError(t *testing.T) {
	_, _, err := Read(context.Background(), tree(nil), "missing", nil)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want an error that the folder does not exist", err)
	}
}

func TestReadStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Read(ctx, tree(map[string]string{"a.yaml": service}), ".", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

package kustomize

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	sigsyaml "sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Edits are what a deployer writes into the kustomization of a folder before it builds it, as Argo CD does with
// `kustomize edit` and Flux with its generator: a single value replaces the one there, a list is appended.
type Edits struct {
	Namespace, NamePrefix, NameSuffix string
	// CommonLabels go into selectors, too; Labels only into metadata.
	CommonLabels, Labels map[string]string
	CommonAnnotations    map[string]string
	Components           []string
	// Patches and Replicas are entries of the kustomization's fields of these names.
	Patches, Replicas []map[string]any
	// Options are those of the command, not of the deployer.
	Options Options `json:"-"`
	// Generate makes a kustomization of all manifests in the folder where it has none.
	Generate bool
}

func (e Edits) areNone() bool {
	return e.Namespace+e.NamePrefix+e.NameSuffix == "" && len(e.CommonLabels)+len(e.Labels)+len(e.CommonAnnotations) == 0 &&
		len(e.Components)+len(e.Patches)+len(e.Replicas) == 0
}

// An editedTree is a tree in which one file has another text.
type editedTree struct {
	fs.FS
	file string
	text []byte
}

var _ fs.ReadFileFS = editedTree{}

// ReadFile implements fs.ReadFileFS.
func (t editedTree) ReadFile(name string) ([]byte, error) {
	if name == t.file {
		return t.text, nil
	}
	return fs.ReadFile(t.FS, name)
}

// apply puts the edited kustomization of a folder in the place of the one that is written.
func (e Edits) apply(w *walk, dir string) error {
	top, err := load(w.tree, dir)
	switch {
	case e.Generate && errors.Is(err, fs.ErrNotExist):
		if top, err = generate(w.tree, dir); err != nil {
			return err
		}
	case err != nil:
		return err
	case e.areNone():
		return nil
	}
	fields := make(map[string]any)
	if err := sigsyaml.Unmarshal(top.text, &fields); err != nil {
		return fmt.Errorf("reading %s: %w", top.file, err)
	}
	e.edit(fields)
	text, err := sigsyaml.Marshal(fields)
	if err != nil {
		return fmt.Errorf("editing %s: %w", top.file, err)
	}
	w.instead[top.file] = text
	w.tree = editedTree{FS: w.tree, file: top.file, text: text}
	return nil
}

func (e Edits) edit(fields map[string]any) {
	for name, value := range map[string]string{"namespace": e.Namespace, "namePrefix": e.NamePrefix, "nameSuffix": e.NameSuffix} {
		if value != "" {
			fields[name] = value
		}
	}
	for name, values := range map[string]map[string]string{"commonLabels": e.CommonLabels, "commonAnnotations": e.CommonAnnotations} {
		merged, ok := fields[name].(map[string]any)
		if !ok {
			merged = make(map[string]any)
		}
		for key, value := range values {
			merged[key] = value
		}
		if len(merged) > 0 {
			fields[name] = merged
		}
	}
	add := func(name string, value any) {
		list, _ := fields[name].([]any)
		fields[name] = append(list, value)
	}
	if len(e.Labels) > 0 {
		add("labels", map[string]any{"pairs": e.Labels})
	}
	for _, component := range e.Components {
		add("components", component)
	}
	for _, patch := range e.Patches {
		add("patches", patch)
	}
	for _, replica := range e.Replicas {
		add("replicas", replica)
	}
}

// notInSource are the folders that Flux's source-controller leaves out by itself. Other hidden ones are like any other.
var notInSource = map[string]bool{".git": true, ".github": true, ".circleci": true}

// generate writes the kustomization of a folder that has none, as Flux does: every manifest below it, and of a folder
// with a kustomization that one.
func generate(tree fs.FS, dir string) (*kustomization, error) {
	resources := []string{}
	err := fs.WalkDir(tree, dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == dir:
			return nil
		case entry.IsDir() && notInSource[entry.Name()]:
			return fs.SkipDir
		case entry.IsDir():
			if _, err := load(tree, name); errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			resources = append(resources, below(dir, name))
			return fs.SkipDir
		case path.Ext(name) != ".yaml" && path.Ext(name) != ".yml":
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		if objects, problems := manifest.Read(name, text); len(objects)+len(problems) > 0 {
			resources = append(resources, below(dir, name))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("generating the kustomization of %s: %w", dir, err)
	}
	text, err := sigsyaml.Marshal(map[string]any{"resources": resources})
	return &kustomization{dir: dir, file: path.Join(dir, "kustomization.yaml"), text: text}, err
}

func below(dir, name string) string {
	if dir == "." {
		return name
	}
	return strings.TrimPrefix(name, dir+"/")
}

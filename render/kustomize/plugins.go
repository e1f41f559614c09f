package kustomize

import (
	"io/fs"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// plugins follows the settings of generators, transformers and validators: kustomize reads them from files, from the
// kustomization itself and from the output of other kustomizations, and then reads the files that they name.
func (w *walk) plugins(k *kustomization) error {
	for _, f := range []struct {
		field string
		refs  []string
	}{{"generators", k.Generators}, {"transformers", k.Transformers}, {"validators", k.Validators}} {
		for _, ref := range f.refs {
			var err error
			if isInline(ref) {
				err = k.config(f.field, []byte(ref))
			} else {
				err = w.resource(k, f.field, ref, use{asConfig: true})
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walk) configFile(k *kustomization, field, ref, at string) error {
	text, err := fs.ReadFile(w.tree, at)
	if err != nil {
		return k.refuse(field, ref, "cannot be read: %v", err)
	}
	return k.config(field, text)
}

// fileFields are the fields in which kustomize's own plugins name files.
var fileFields = []string{"path", "paths", "files", "file", "env", "envs", "valuesFile", "additionalValuesFiles", "targetFilePath"}

// config looks for remote files in a plugin's settings.
func (k *kustomization) config(field string, text []byte) error {
	if err := boundAliases(text); err != nil {
		return k.refuse(field, "the settings", "cannot be read: %v", err)
	}
	for doc := range manifest.Documents(text) {
		var root yaml.Node
		if yaml.Unmarshal(doc.Text, &root) != nil {
			continue // kustomize's own parser says so
		}
		var head types.TypeMeta
		if root.Decode(&head) == nil && head.Kind == chartKind {
			return k.refuse(field, chartKind, "is supported only in a file that generators names and that holds nothing else; use helmCharts")
		}
		if ref := remoteFile(&root, false); ref != "" {
			return k.refuse(field, ref, "is remote, and nothing is fetched while rendering; commit a copy and name its path")
		}
	}
	return nil
}

// remoteFile finds a remote reference among the fields that name files. Keys are compared without their case, as
// kustomize's decoder does.
func remoteFile(n *yaml.Node, named bool) string {
	switch n.Kind {
	case yaml.AliasNode:
		return remoteFile(n.Alias, named)
	case yaml.ScalarNode:
		_, value, ok := strings.Cut(n.Value, "=")
		if named && (isRemote(n.Value) || ok && isRemote(value)) {
			return n.Value
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if ref := remoteFile(n.Content[i+1], isFileField(n.Content[i].Value)); ref != "" {
				return ref
			}
		}
	default:
		for _, child := range n.Content {
			if ref := remoteFile(child, named); ref != "" {
				return ref
			}
		}
	}
	return ""
}

func isFileField(key string) bool {
	for _, name := range fileFields {
		if strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}

// plainConfig refuses a kustomization whose output configures plugins and which does more than list files: a patch or a
// prefix could write a remote reference into settings that were looked at before.
func (w *walk) plainConfig(k *kustomization) error {
	rest := k.Kustomization
	rest.TypeMeta, rest.MetaData, rest.BuildMetadata, rest.Resources = types.TypeMeta{}, nil, nil, nil
	if !reflect.DeepEqual(rest, types.Kustomization{}) {
		return k.refuse("kind", k.Kind, "configures a generator, transformer or validator and may only list resources; write its settings out")
	}
	return nil
}

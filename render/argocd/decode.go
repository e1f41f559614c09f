package argocd

import (
	"encoding/json"

	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// decode reads one document into maps, lists and scalars, with a bound on aliases.
func decode(text []byte) (any, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	if err := manifest.BoundAliases(&root); err != nil {
		return nil, err
	}
	n, err := manifest.FromYAML(&root, 0)
	if err != nil {
		return nil, err
	}
	var value any
	err = json.Unmarshal(n.AppendJSON(nil), &value)
	return value, err
}

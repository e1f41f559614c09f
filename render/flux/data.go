package flux

import (
	"encoding/base64"
	"fmt"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// data are the texts that a ConfigMap or a Secret holds; false if it is not here or is encrypted.
func (x *expansion) data(ref reference) (map[string]string, bool) {
	o := x.beside(ref.Kind, x.object.Namespace, ref.Name)
	if o == nil || o.Body.Get("sops") != nil {
		return nil, false
	}
	data := make(map[string]string)
	for key, value := range o.Body.Get("data").Fields {
		text := value.Text
		if ref.Kind == "Secret" {
			plain, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, false
			}
			text = string(plain)
		}
		data[key.Text] = text
	}
	for key, value := range o.Body.Get("stringData").Fields {
		data[key.Text] = value.Text
	}
	return data, true
}

// maxSources bounds how many sources of values one object names: each is read and merged whole.
const maxSources = 100

func boundSources(field string, from []reference) error {
	if len(from) > maxSources {
		return fmt.Errorf("its %s names %d sources, more than %d; name fewer", field, len(from), maxSources)
	}
	return nil
}

// Holds tells whether an object may be asked for by [Beside].
func Holds(o *manifest.Object) bool {
	return o.Group == "" && (o.Kind == "ConfigMap" || o.Kind == "Secret") || o.Group == sourceGroup && sourceKinds[o.Kind]
}

// Key is that of an object ([manifest.Object.Key]) that may be asked for by [Beside].
func Key(kind, namespace, name string) string {
	group := ""
	if sourceKinds[kind] {
		group = sourceGroup
	}
	return group + "/" + kind + "/" + namespace + "/" + name
}

package cluster

import (
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/policy/istio"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// addIstio keeps one of Istio's policies until the mesh's settings are known.
func (b *builder) addIstio(o *manifest.Object) { b.istio = append(b.istio, o) }

// compileIstio compiles Istio's policies, whatever network connects the pods.
func (b *builder) compileIstio() {
	if len(b.istio) == 0 {
		return
	}
	mesh := b.mesh()
	for _, o := range b.istio {
		b.addPolicies(istio.Compile(o, namespaceOf(o), mesh))
	}
}

// mesh reads the settings that matter from the ConfigMap that Istio keeps them in, where that is rendered.
func (b *builder) mesh() istio.Mesh {
	var out istio.Mesh
	o := b.state.ConfigMaps[Name{"istio-system", "istio"}]
	if o == nil {
		return out
	}
	for line := range strings.Lines(o.Body.Get("data", "mesh").Str()) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		switch key { // of the top level only: what is further in is indented
		case "rootNamespace":
			out.RootNamespace = value
		case "trustDomain":
			out.TrustDomain = value
		}
	}
	return out
}

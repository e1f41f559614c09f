package policy

import (
	"fmt"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// Path says where a rule stands in its policy's object: "spec.ingress[0]", "specs[1].egressDeny[2]"; "spec" where that is not
// known.
func (p *Policy) Path(r *Rule) string {
	spec := p.Object.Body.Get("spec")
	if path, ok := pathIn(spec, "spec", r.Part); ok {
		return path
	}
	specs := p.Object.Body.Get("specs")
	for i := range specs.Elements() {
		if path, ok := pathIn(specs.Element(i), fmt.Sprintf("specs[%d]", i), r.Part); ok {
			return path
		}
	}
	return "spec"
}

func pathIn(spec *manifest.Node, at string, part *manifest.Node) (string, bool) {
	for _, section := range []string{"ingress", "egress", "ingressDeny", "egressDeny", "rules"} {
		list := spec.Get(section)
		for i := range list.Elements() {
			if list.Element(i) == part {
				return fmt.Sprintf("%s.%s[%d]", at, section, i), true
			}
		}
	}
	return "", false
}

package main

import (
	"regexp"
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/discover"
	"github.com/netpol-impact/netpol-impact/review"
)

// TestAFirstConfigurationIsValidHoweverMuchIsUncommented holds for harmless and for hostile names.
func TestAFirstConfigurationIsValidHoweverMuchIsUncommented(t *testing.T) {
	target := func(path, cluster string) review.Target {
		return review.Target{Found: discover.Found{Target: render.Target{Path: path}}, Cluster: cluster}
	}
	for _, found := range []*review.Configuration{
		{},
		{Targets: []review.Target{target("overlays/prod", "prod"), target("overlays/dev", "dev")}, Groups: []string{"cilium.io"}, Elsewhere: []string{"monitoring"}},
		{Targets: []review.Target{target(`a"b: {`, "x\ngate: {}"), target("c", "#\u2028y\u0085z\tw")}, Elsewhere: []string{"]\n- \x00", "off"}},
	} {
		text := firstConfig(found)
		c, err := config.Read("first.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if want := slices.Contains(found.Groups, "cilium.io"); (c.CNI == config.Cilium) != want {
			t.Errorf("cni is %q", c.CNI)
		}
		all := regexp.MustCompile(`(?m)^#( *[^ \n])`).ReplaceAllStringFunc(text, func(s string) string {
			if s[1] == ' ' && len(s) == 3 { // prose
				return s
			}
			return s[1:]
		})
		c, err = config.Read("uncommented.yaml", []byte(all))
		if err != nil {
			t.Fatalf("%v\n%s", err, all)
		}
		if len(c.Targets) != len(found.Targets) || len(found.Elsewhere) > 0 && len(c.Namespaces) != len(found.Elsewhere) {
			t.Errorf("%d targets and %d namespaces became\n%s", len(found.Targets), len(found.Elsewhere), all)
		}
	}
}

package cluster

import (
	"fmt"
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func TestPodsThatAreAskedForAreToldApartOnBothSides(t *testing.T) {
	set := func(spec string) string {
		return "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\nspec: {" + spec + "template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: c}]}}}\n"
	}
	policy := func(key, value string) string {
		return fmt.Sprintf("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: {podSelector: {matchLabels: {%s: %q}}}\n", key, value)
	}
	for _, c := range []struct {
		name, base, head string
		want             [2][]string
	}{
		{"one of three", set("replicas: 3, "), set("replicas: 3, ") + policy(podNameLabel, "db-2"), [2][]string{{"Pod db-2", "StatefulSet db"}, {"Pod db-2", "StatefulSet db"}}},
		{"each by its number", set("replicas: 2, ") + policy(podIndexLabel, "0"), set("replicas: 2, ") + policy(podIndexLabel, "1"), [2][]string{{"Pod db-0", "Pod db-1", "StatefulSet db"}, {"Pod db-0", "Pod db-1", "StatefulSet db"}}},
		{"beyond the last", set("replicas: 3, "), set("replicas: 3, ") + policy(podNameLabel, "db-3"), [2][]string{{"StatefulSet db"}, {"StatefulSet db"}}},
		{"numbers that begin elsewhere", set("replicas: 2, ordinals: {start: 5}, "), set("replicas: 2, ordinals: {start: 5}, ") + policy(podNameLabel, "db-6"), [2][]string{{"Pod db-6", "StatefulSet db"}, {"Pod db-6", "StatefulSet db"}}},
		{"before the first", set("replicas: 2, ordinals: {start: 5}, "), set("replicas: 2, ordinals: {start: 5}, ") + policy(podNameLabel, "db-4"), [2][]string{{"StatefulSet db"}, {"StatefulSet db"}}},
		{"no such number", set("replicas: 3, "), set("replicas: 3, ") + policy(podNameLabel, "db-01"), [2][]string{{"StatefulSet db"}, {"StatefulSet db"}}},
		{"the only one", set(""), set("") + policy(podNameLabel, "db-0"), [2][]string{{"StatefulSet db"}, {"StatefulSet db"}}},
		{"one that a scaling brings", set(""), set("replicas: 2, ") + policy(podNameLabel, "db-1"), [2][]string{{"StatefulSet db"}, {"Pod db-1", "StatefulSet db"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var objects [2][]*manifest.Object
			for s, text := range []string{c.base, c.head} {
				objects[s], _ = manifest.Read("a.yaml", []byte(text))
			}
			before, after := BuildBoth(objects[0], objects[1], config.Config{})
			for s, state := range []*State{before, after} {
				var got []string
				for _, w := range state.Workloads {
					got = append(got, w.Kind+" "+w.Name)
				}
				if !slices.Equal(got, c.want[s]) {
					t.Errorf("side %d has %v, not %v", s, got, c.want[s])
				}
			}
			if only := after.Workloads[0]; c.name == "the only one" && only.Labels[podNameLabel] != "db-0" {
				t.Errorf("its labels are %v", only.Labels)
			}
		})
	}
}

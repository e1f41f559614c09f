package paths_test

import (
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/paths"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// TestPastTheBoundRadiiAreCountedAsUnasked, those that come first being told.
func TestPastTheBoundRadiiAreCountedAsUnasked(t *testing.T) {
	objects, problems := manifest.Read("apps.yaml", []byte(generate.Apps(90)+generate.DefaultDeny(1, "Egress")))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	state := cluster.Build(objects, config.Config{})
	model := reach.New(state, state, reach.Options{})
	var workloads []int32
	for i := range model.Endpoints {
		if model.Endpoints[i].Workload[reach.Head] != nil {
			workloads = append(workloads, int32(i))
		}
	}
	question := func(most int) *paths.Question {
		return &paths.Question{Model: model, Listens: func(int32) policy.PortSet { return nil }, Most: most}
	}
	if all, unasked := question(0).Radii(workloads); len(all) != 90 || unasked != 0 {
		t.Errorf("%d of 90 radii are told, %d unasked", len(all), unasked)
	}
	some, unasked := question(1).Radii(workloads)
	if len(some) == 0 || unasked == 0 || len(some)+unasked != 90 || some[0].Workload != workloads[0] {
		t.Errorf("past the bound %d of 90 radii are told, %d unasked", len(some), unasked)
	}
}

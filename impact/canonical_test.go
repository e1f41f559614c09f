package impact

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// TestWhatIsCanonicalDoesNotDependOnTheRectangles has the same connections in random rectangles, which merge to different ones.
func TestWhatIsCanonicalDoesNotDependOnTheRectangles(t *testing.T) {
	random, differed := rand.New(rand.NewPCG(1, 2)), 0
	ports := []policy.PortSet{policy.Range(policy.TCP, 80, 80), policy.Range(policy.TCP, 443, 443)}
	said := func(list []rectangle) string {
		var words []string
		for _, r := range list {
			words = append(words, fmt.Sprint(r.sources, r.destinations, r.ports.Ranges()))
		}
		slices.Sort(words)
		return fmt.Sprint(words)
	}
	for range 200 {
		var merged [2][]rectangle
		chosen := random.Uint32()
		for n := range merged {
			var all []rectangle
			for i := range 32 {
				if chosen&(1<<i) == 0 {
					continue
				}
				one := rectangle{[]int32{int32(i % 4)}, []int32{int32(i / 4 % 4)}, ports[i/16]}
				// With what is before it at one end or the other, or alone.
				at := slices.IndexFunc(all, func(r rectangle) bool {
					return r.ports.Equal(one.ports) && random.IntN(2) == 0 && (slices.Equal(r.sources, one.sources) || slices.Equal(r.destinations, one.destinations))
				})
				switch {
				case at < 0:
					all = append(all, one)
				case slices.Equal(all[at].sources, one.sources):
					all[at].destinations = append(all[at].destinations, one.destinations...)
				default:
					all[at].sources = append(all[at].sources, one.sources...)
				}
			}
			merged[n] = mergeRectangles(all)
		}
		if said(merged[0]) != said(merged[1]) {
			differed++
		}
		if x, y := said(canonical(merged[0])), said(canonical(merged[1])); x != y {
			t.Fatalf("%s, and %s", x, y)
		}
	}
	if differed == 0 {
		t.Error("the rectangles never mattered")
	}
}

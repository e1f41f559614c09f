package reach_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// wantedCells is how much one run of the tests compares at least.
const wantedCells = 5_000_000

func TestEngineAgreesWithTheNaiveEvaluator(t *testing.T) {
	agrees(t, wantedCells, generate.Random)
}

// wantedCalicoCells is how much one run compares of clusters with Calico's policies.
const wantedCalicoCells = 1_500_000

func TestEngineAgreesWithTheNaiveEvaluatorOfCalico(t *testing.T) {
	agrees(t, wantedCalicoCells, generate.RandomCalico)
}

// agrees compares the engine with the naive evaluator on random pairs of clusters, until enough cells are compared.
func agrees(t *testing.T, wanted int, random func(seed uint64) (base, head *generate.Cluster)) {
	t.Helper()
	if testing.Short() {
		wanted /= 20
	}
	cells, clusters := 0, uint64(0)
	for ; cells < wanted; clusters++ {
		base, head := random(clusters)
		n, err := compare(t.Context(), [2]*generate.Cluster{base, head})
		cells += n
		if err != nil {
			report(t, base, head, err)
			t.Fatalf("seed %d", clusters)
		}
	}
	t.Logf("compared %d cells of %d pairs of clusters", cells, clusters)
}

// report shrinks a pair of clusters as long as any mismatch stays, and prints what is left.
func report(t *testing.T, base, head *generate.Cluster, err error) {
	t.Helper()
	base, head = generate.Shrink(base, head, func(base, head *generate.Cluster) bool {
		_, smaller := compare(t.Context(), [2]*generate.Cluster{base, head})
		if smaller != nil {
			err = smaller
		}
		return smaller != nil
	})
	t.Errorf("%v\nbase:\n%s\nhead:\n%s", err, strings.Join(base.Documents(), "---\n"), strings.Join(head.Documents(), "---\n"))
}

func FuzzEngineAgainstNaive(f *testing.F) {
	addChoices(f)
	f.Fuzz(func(t *testing.T, choices []byte) {
		base, head := generate.FromBytes(choices)
		if _, err := compare(t.Context(), [2]*generate.Cluster{base, head}); err != nil {
			report(t, base, head, err)
		}
	})
}

// addChoices seeds a fuzzer with the choices of some random clusters: no choices make an empty one.
func addChoices(f *testing.F) {
	f.Add([]byte{})
	for seed := range uint64(8) {
		random, choices := rand.New(rand.NewPCG(seed, 3)), make([]byte, 1500)
		for i := range choices {
			choices[i] = byte(random.Uint32())
		}
		f.Add(choices)
	}
}

package reach_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// answer is everything that a model says, for comparison.
type answer struct {
	delta   []reach.Block
	allowed [2][]reach.Block
}

func ask(t *testing.T, documents [2][]string) (*reach.Model, answer) {
	t.Helper()
	read := make(reader)
	base, err := read.state(documents[reach.Base])
	if err != nil {
		t.Fatal(err)
	}
	head, err := read.state(documents[reach.Head])
	if err != nil {
		t.Fatal(err)
	}
	m := reach.New(base, head, reach.Options{})
	var a answer
	if a.delta, err = m.Delta(t.Context()); err != nil {
		t.Fatal(err)
	}
	for s := range a.allowed {
		if a.allowed[s], err = m.Allowed(t.Context(), reach.Side(s)); err != nil {
			t.Fatal(err)
		}
	}
	return m, a
}

func TestOrderOfObjectsDoesNotMatter(t *testing.T) {
	for seed := range uint64(100) {
		base, head := generate.Random(seed)
		documents := [2][]string{base.Documents(), head.Documents()}
		_, want := ask(t, documents)
		shuffled := [2][]string{}
		random := rand.New(rand.NewPCG(seed, 2))
		for s, d := range documents {
			for _, i := range random.Perm(len(d)) {
				shuffled[s] = append(shuffled[s], d[i])
			}
		}
		if _, got := ask(t, shuffled); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: another order of objects gives another answer\n%v\n%v", seed, got, want)
		}
	}
}

// largeDocuments is a cluster on which the engine takes all cores.
func largeDocuments() [2][]string {
	base, head := generate.Large(generate.Size{Workloads: 800, Policies: 800, Edits: 30, Admin: 10, Plain: true})
	return [2][]string{base.All(), head.All()}
}

func TestNumberOfCoresDoesNotMatter(t *testing.T) {
	documents := largeDocuments()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	_, want := ask(t, documents)
	for _, cores := range []int{2, 7} {
		runtime.GOMAXPROCS(cores)
		if _, got := ask(t, documents); !reflect.DeepEqual(got, want) {
			t.Errorf("%d cores give another answer than one", cores)
		}
	}
}

func TestDeltaOfLargeClusterIsTheDifferenceOfItsSides(t *testing.T) {
	m, a := ask(t, largeDocuments())
	if err := deltaIsDifference(m, a); err != nil {
		t.Error(err)
	}
}

func TestSidesAlikeHaveNoDelta(t *testing.T) {
	for seed := range uint64(50) {
		_, head := generate.Random(seed)
		if _, a := ask(t, [2][]string{head.Documents(), head.Documents()}); len(a.delta) > 0 {
			t.Fatalf("seed %d: %v", seed, a.delta)
		}
	}
}

func TestOppositeDirectionSwapsOpenedAndBlocked(t *testing.T) {
	for seed := range uint64(50) {
		base, head := generate.Random(seed)
		there, forth := ask(t, [2][]string{base.Documents(), head.Documents()})
		back, backwards := ask(t, [2][]string{head.Documents(), base.Documents()})
		opened, blocked := pairsOf(there, forth.delta, false), pairsOf(there, forth.delta, true)
		if !reflect.DeepEqual(opened, pairsOf(back, backwards.delta, true)) || !reflect.DeepEqual(blocked, pairsOf(back, backwards.delta, false)) {
			t.Fatalf("seed %d: what a change opens is not what its reverse blocks", seed)
		}
	}
}

// pairsOf lists the pairs of workloads and addresses that are opened or blocked, by name.
func pairsOf(m *reach.Model, blocks []reach.Block, blocked bool) map[string]string {
	out := make(map[string]string)
	for _, b := range blocks {
		ports := b.Opened
		if blocked {
			ports = b.Blocked
		}
		if len(ports) == 0 {
			continue
		}
		for _, s := range b.Sources {
			for _, d := range b.Destinations {
				out[nameOf(m, s)+" → "+nameOf(m, d)] = fmt.Sprint(ports.Ranges())
			}
		}
	}
	return out
}

func nameOf(m *reach.Model, endpoint int32) string { return (&judge{model: m}).name(endpoint) }

// deltaIsDifference holds a delta to what the two sides allow. It needs no evaluator but the engine itself, in its other
// mode.
func deltaIsDifference(m *reach.Model, a answer) error {
	type verdicts struct{ base, head, opened, blocked policy.PortSet }
	pairs := make(map[pair]*verdicts)
	fill := func(blocks []reach.Block, set func(v *verdicts, b *reach.Block)) {
		for i := range blocks {
			for _, s := range blocks[i].Sources {
				for _, d := range blocks[i].Destinations {
					if !m.Endpoints[s].Stays() || !m.Endpoints[d].Stays() || s == d {
						continue
					}
					v := pairs[pair{s, d}]
					if v == nil {
						v = new(verdicts)
						pairs[pair{s, d}] = v
					}
					set(v, &blocks[i])
				}
			}
		}
	}
	fill(a.allowed[reach.Base], func(v *verdicts, b *reach.Block) { v.base = b.Opened })
	fill(a.allowed[reach.Head], func(v *verdicts, b *reach.Block) { v.head = b.Opened })
	fill(a.delta, func(v *verdicts, b *reach.Block) { v.opened, v.blocked = b.Opened, b.Blocked })
	for at, v := range pairs {
		if !v.opened.Equal(v.head.Minus(v.base)) || !v.blocked.Equal(v.base.Minus(v.head)) {
			return fmt.Errorf("%s → %s: opened %v, blocked %v; allowed before %v, after %v", nameOf(m, at.source), nameOf(m, at.destination),
				v.opened.Ranges(), v.blocked.Ranges(), v.base.Ranges(), v.head.Ranges())
		}
	}
	return nil
}

func FuzzDeltaAgainstFull(f *testing.F) {
	addChoices(f)
	f.Fuzz(func(t *testing.T, choices []byte) {
		base, head := generate.FromBytes(choices)
		documents := [2][]string{base.Documents(), head.Documents()}
		m, a := ask(t, documents)
		if err := deltaIsDifference(m, a); err != nil {
			t.Errorf("%v\nbase:\n%s\nhead:\n%s", err, strings.Join(documents[0], "---\n"), strings.Join(documents[1], "---\n"))
		}
	})
}

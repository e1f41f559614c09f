package impact

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/promise"
	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// manyPromises are promises of every kind about the workloads of a cluster for benchmarks.
func manyPromises(b *testing.B, a *analysis, n int) []config.Promise {
	b.Helper()
	var text strings.Builder
	text.WriteString("promises:\n")
	workloads := a.head.Workloads
	for i := range n {
		from, to := workloads[i%len(workloads)], workloads[(i*7+13)%len(workloads)]
		name := func(k int) string { w := workloads[k%len(workloads)]; return w.Namespace + "/" + w.Name }
		expect := "denied"
		if i%2 == 0 {
			expect = "allowed"
		}
		fmt.Fprintf(&text, "- {name: p%d, expect: %s, ", i, expect)
		switch i % 10 {
		case 0, 1, 2: // one to one
			fmt.Fprintf(&text, "from: %s/%s, to: %s/%s, ports: %d}\n", from.Namespace, from.Name, to.Namespace, to.Name, 1000+i%500)
		case 3, 4, 5: // nothing but one reaches another
			fmt.Fprintf(&text, "from: {any: true, except: %s}, to: %s}\n", name(i), name(i*3+1))
		case 6: // a namespace to a workload
			fmt.Fprintf(&text, "from: {namespace: %s}, to: %s}\n", from.Namespace, name(i*5+2))
		case 7: // labels
			fmt.Fprintf(&text, "from: {selector: app=%s}, to: {namespace: %s}, ports: [80, udp/53, 8000-8080]}\n", from.Labels["app"], to.Namespace)
		case 8:
			fmt.Fprintf(&text, "from: internet, to: {namespace: %s}}\n", to.Namespace)
		case 9:
			fmt.Fprintf(&text, "from: %s, to: dns}\n", name(i))
		}
	}
	promises, problems := config.ReadPromises("all.netpol-test.yaml", []byte(text.String()))
	if len(problems) > 0 {
		b.Fatal(problems[0])
	}
	return promises
}

// keptPromises are n promises that a state keeps, of four kinds in turn: from one to one, that nothing but one gets
// to a port of another, from a namespace, and from the internet.
func keptPromises(b *testing.B, a *analysis, n int) []config.Promise {
	b.Helper()
	workloads := a.head.Workloads
	name := func(k int) string { w := workloads[k%len(workloads)]; return w.Namespace + "/" + w.Name }
	judge := a.judge(1)
	read := func(line string) config.Promise {
		promises, problems := config.ReadPromises("all.netpol-test.yaml", []byte("promises:\n"+line))
		if len(problems) > 0 {
			b.Fatal(problems[0])
		}
		return promises[0]
	}
	found := make(map[string][]int32)
	for e := range a.model.Endpoints {
		if w := a.endpoint(int32(e)).Workload[1]; w != nil {
			found[w.Namespace+"/"+w.Name] = append(found[w.Namespace+"/"+w.Name], int32(e))
		}
	}
	var out []config.Promise
	for i := 0; len(out) < n; i++ {
		if i > 50*n {
			b.Fatalf("only %d of %d promises are kept", len(out), n)
		}
		start := fmt.Sprintf("- {name: p%d, ", i)
		from, to := name(i), name(i*7+13)
		isolated := slices.ContainsFunc(found[to], func(e int32) bool { return a.model.Isolated(policy.Ingress, 1, e) })
		if len(out)%4 > 0 && !isolated {
			continue
		}
		var p config.Promise
		switch len(out) % 4 {
		case 0:
			p = read(start + fmt.Sprintf("expect: denied, from: %s, to: %s, ports: %d}", from, to, 1000+i%500))
			if judge.Of(&p).Status == promise.Broken {
				p.Expect = config.Allowed
			}
		case 1:
			p = read(start + fmt.Sprintf("expect: denied, from: {any: true, except: %s}, to: %s, ports: %d}", from, to, 1+i%1000))
		case 2:
			p = read(start + fmt.Sprintf("expect: denied, from: {namespace: %s}, to: %s, ports: %d}", workloads[i%len(workloads)].Namespace, to, 1+i%1000))
		case 3:
			p = read(start + fmt.Sprintf("expect: denied, from: internet, to: %s, ports: %d}", to, 1+i%1000))
		}
		if judge.Of(&p).Status == promise.Kept {
			out = append(out, p)
		}
	}
	return out
}

// BenchmarkPromises holds 10,000 promises to both sides of a cluster of 10,000 workloads and as many policies, and says by
// how much that makes a comparison longer: promises that are kept, as most are, and random ones, most of which are broken, each
// by thousands of workloads.
func BenchmarkPromises(b *testing.B) {
	base, head := generate.Large(generate.Size{Workloads: 10_000, Policies: 10_000, Edits: 10, Plain: true})
	read := make(map[string][]*manifest.Object)
	objects := func(s *generate.Side) (all []*manifest.Object) {
		for _, text := range s.All() {
			if _, known := read[text]; !known {
				found, problems := manifest.Read("all.yaml", []byte(text))
				if len(problems) > 0 {
					b.Fatal(problems)
				}
				read[text] = found
			}
			all = append(all, read[text]...)
		}
		return all
	}
	before, after := objects(base), objects(head)
	a, err := ofState(after, config.Config{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	random, kept := manyPromises(b, a, 10_000), keptPromises(b, a, 10_000)
	for _, held := range []struct {
		name     string
		promises []config.Promise
	}{{"none", nil}, {"kept", kept}, {"random", random}} {
		b.Run("compare/promises="+held.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Compare(b.Context(), Input{Base: before, Head: after, Promises: held.promises}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for name, promises := range map[string][]config.Promise{"kept": kept, "random": random} {
		b.Run("hold/promises="+name, func(b *testing.B) {
			b.ReportAllocs()
			counts := make(map[promise.Status]int)
			for b.Loop() {
				clear(counts)
				judge := a.judge(1)
				for i := range promises {
					counts[judge.Of(&promises[i]).Status]++
				}
			}
			for status, n := range counts {
				b.ReportMetric(float64(n), string(status))
			}
		})
	}
}

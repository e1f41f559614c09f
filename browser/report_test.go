// Package browser looks at the HTML report and at comments as a reader does, in Chromium. It is a module of its own so that
// the program does not depend on what drives a browser. With -artifacts -outputdir FOLDER its tests leave pictures.
package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/report"
)

func open(t *testing.T, r *impact.Result, scheme string, width int64) *reader {
	t.Helper()
	p := start(t)
	var page bytes.Buffer
	p.check(report.HTML(&page, r, report.Options{Link: func(side, file string, line int) string {
		return fmt.Sprintf("https://github.com/acme/shop/blob/%s/%s#L%d", side, file, line)
	}}))
	p.read(page.Bytes(), look{scheme, width}, "html[data-ready]")
	t.Logf("page of %d bytes", page.Len())
	return p
}

const script = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1>"

func workload(namespace, name string) impact.Peer {
	return impact.Peer{Workload: &impact.WorkloadID{Kind: "Deployment", Namespace: namespace, Name: name}}
}

func ports(n int) []policy.PortRange { return []policy.PortRange{{Protocol: "TCP", From: n, To: n}} }

func small() *impact.Result {
	cart, redis, evil := workload("shop", "cart"), workload("data", "redis"), workload("shop", script)
	lost := impact.Allowed{Sources: []impact.Peer{cart}, Destinations: []impact.Peer{redis}, Ports: ports(6379), Confidence: impact.Exact}
	kept := impact.Allowed{Sources: []impact.Peer{evil}, Destinations: []impact.Peer{cart}, Ports: ports(8080), Confidence: impact.Exact}
	return &impact.Result{
		Base: "main", Head: "change", Gate: impact.Gate{Reasons: []string{"F1 is high"}},
		Clusters: []impact.Cluster{{
			Name: "prod", Before: []impact.Allowed{lost, kept}, After: []impact.Allowed{kept},
			Findings: []impact.Finding{
				{ID: "F1", Rule: "B5", Severity: impact.High, Kind: impact.Blocked, Confidence: impact.Exact, Title: "cart loses redis",
					Explanation: "The label is misspelt.", Advice: "Correct it.",
					Connections: []impact.Connection{{Sources: lost.Sources, Destinations: lost.Destinations, Ports: lost.Ports, Count: 1}},
					Causes:      []impact.Cause{{Object: "NetworkPolicy data/redis", File: "redis.yaml", Line: 12, Side: "head", Change: "ingress rule 1"}}},
				{ID: "F2", Rule: "O11", Severity: impact.Low, Kind: impact.Opened, Confidence: impact.Exact, Title: script + " reaches cart",
					Connections: []impact.Connection{{Sources: kept.Sources, Destinations: kept.Destinations, Ports: kept.Ports, Count: 1}}},
			},
			Supposed: []impact.Supposed{{If: "if StagedNetworkPolicy data/redis were enforced", Findings: []impact.Finding{{Severity: impact.High, Title: script + " loses redis"}}}},
		}},
	}
}

// large is 2,000 workloads in 40 namespaces, each of which is reached by the next.
func large() *impact.Result {
	var all [40][]impact.Peer
	c := impact.Cluster{Name: "large"}
	for n := range all {
		for i := range 50 {
			all[n] = append(all[n], workload(fmt.Sprintf("team-%02d", n), fmt.Sprintf("service-%02d", i)))
		}
	}
	for n := range all {
		next := all[(n+1)%len(all)]
		row := impact.Allowed{Sources: all[n], Destinations: next, Ports: ports(8080), Confidence: impact.Exact}
		c.Before, c.After = append(c.Before, row), append(c.After, row)
		if n%2 == 0 {
			c.Findings = append(c.Findings, impact.Finding{ID: fmt.Sprintf("F%d", n), Rule: "B8", Severity: impact.Medium, Kind: impact.Blocked,
				Title:       fmt.Sprintf("team-%02d loses its next", n),
				Connections: []impact.Connection{{Sources: all[n], Destinations: next, Ports: ports(9090), Count: 2500}}})
		}
	}
	return &impact.Result{Gate: impact.Gate{Pass: true}, Clusters: []impact.Cluster{c}}
}

func TestAReaderSeesVerdictFindingAndCause(t *testing.T) {
	p := open(t, small(), "light", 1280)
	p.want("document.getElementById('headline').textContent", "gate fails")
	p.run(chromedp.Click(chromedp.CSS(`[data-finding="F1"]`)))
	p.want("document.getElementById('detail').textContent", "The label is misspelt.")
	p.want("document.querySelector('#detail a').href", "https://github.com/acme/shop/blob/head/redis.yaml#L12")
	p.want("document.querySelectorAll('#graph canvas').length > 0", "true")
	p.shoot("light")
	p.run(chromedp.Click(chromedp.CSS(`[data-state="before"]`)))
	p.want("document.getElementById('shown').textContent", "2 groups of connections")
	p.run(chromedp.Click(chromedp.CSS(`[data-state="after"]`)))
	p.want("document.getElementById('shown').textContent", "1 group of connections")
}

func TestWhatIsSupposedIsToldBelowTheFindings(t *testing.T) {
	p := open(t, small(), "light", 1280)
	p.run(chromedp.Click(chromedp.CSS("#supposed summary")))
	p.want("document.querySelector('#supposed summary').innerText", "If StagedNetworkPolicy data/redis were enforced")
	p.want("document.querySelector('#supposed li').innerText", script+" loses redis")
	p.want("document.getElementById('count').textContent", "2 of 2")
	p.shoot("supposed")
}

func TestSearchAndFiltersNarrowTheFindings(t *testing.T) {
	p := open(t, small(), "dark", 1280)
	p.shoot("dark")
	p.run(chromedp.SendKeys(chromedp.CSS("#search"), "redis"), chromedp.WaitNotPresent(chromedp.CSS(`[data-finding="F2"]`)))
	p.want("document.getElementById('count').textContent", "1 of 2")
}

func TestNamesThatAreScriptsStayText(t *testing.T) {
	p := open(t, small(), "light", 390)
	p.run(chromedp.Click(chromedp.CSS("#table-button")))
	p.want("window.hit === undefined", "true")
	p.want("document.querySelectorAll('img').length", "0")
	p.want("document.getElementById('list').textContent", script)
	p.want("document.documentElement.scrollWidth <= innerWidth", "true")
	p.shoot("phone")
}

// generated is a comparison of 2,000 workloads and 2,000 policies, of which 20 objects differ.
func generated(t *testing.T) *impact.Result {
	t.Helper()
	base, head := generate.Large(generate.Size{Workloads: 2000, Policies: 2000, Edits: 20})
	in := impact.Input{Name: "generated", Graph: true}
	for _, side := range []struct {
		from *generate.Side
		to   *[]*manifest.Object
	}{{base, &in.Base}, {head, &in.Head}} {
		var problems []manifest.Diagnostic
		if *side.to, problems = manifest.Read("all.yaml", []byte(strings.Join(side.from.All(), "---\n"))); len(problems) > 0 {
			t.Fatal(problems)
		}
	}
	out, err := impact.Compare(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return &impact.Result{Gate: impact.Gate{Pass: true}, Clusters: []impact.Cluster{out.Cluster}}
}

// press presses Tab until what has the focus answers a question with yes, then Enter.
func (p *reader) press(what, question string) {
	p.t.Helper()
	for range 40 {
		p.run(chromedp.KeyEvent(kb.Tab))
		if p.ask("(() => { const e = document.activeElement; return "+question+" })()") == "true" {
			p.want("getComputedStyle(document.activeElement).outlineStyle", "solid")
			p.run(chromedp.KeyEvent(kb.Enter))
			return
		}
	}
	p.t.Fatalf("40 tabs do not reach %s", what)
}

func TestTheKeyboardAloneReachesEverything(t *testing.T) {
	p := open(t, small(), "light", 1280)
	p.press("the first finding", "e.dataset.finding === 'F1'")
	p.want("document.getElementById('detail').textContent", "redis.yaml:12")
	p.press("the state before", "e.dataset.state === 'before'")
	p.want("document.querySelector('[data-state=before]').getAttribute('aria-pressed')", "true")
	p.press("the table", "e.id === 'table-button'")
	p.want("document.getElementById('table').hidden", "false")
	p.press("the first row", "e.closest('tbody tr:first-child') !== null")
	p.want("document.activeElement.id", "detail")
	p.want("document.getElementById('detail').textContent", "cart")
}

// TestAnArrowTellsWhy clicks where the graph has drawn the blocked connection.
func TestAnArrowTellsWhy(t *testing.T) {
	p := open(t, small(), "light", 1280)
	p.want("document.getElementById('detail').textContent", "Choose a finding")
	var at struct{ X, Y float64 }
	answer := p.ask(`(() => {
		const graph = document.getElementById('graph'), box = graph.getBoundingClientRect();
		const arrows = graph._cyreg.cy.edges('.blocked');
		if (arrows.length !== 1) return 'there are ' + arrows.length + ' blocked arrows';
		const m = arrows[0].renderedMidpoint();
		return JSON.stringify({ X: box.left + m.x, Y: box.top + m.y });
	})()`)
	if err := json.Unmarshal([]byte(answer), &at); err != nil {
		t.Fatal(answer)
	}
	p.run(chromedp.MouseClickXY(at.X, at.Y))
	p.want("document.getElementById('detail').textContent", "The label is misspelt.")
	p.want("document.getElementById('detail').textContent", "redis.yaml:12")
	p.want("document.querySelector('#detail a').href", "https://github.com/acme/shop/blob/head/redis.yaml#L12")
}

func TestARowOfTheTableTellsWhy(t *testing.T) {
	p := open(t, small(), "dark", 390)
	p.run(chromedp.Click(chromedp.CSS("#table-button")))
	p.want("document.querySelectorAll('#table tbody tr').length", "2")
	p.want("document.querySelector('#table tbody tr').textContent", "blocked")
	p.run(chromedp.Click(chromedp.CSS("#table tbody tr:first-child button")))
	p.want("document.getElementById('detail').textContent", "The label is misspelt.")
	p.want("document.activeElement.id", "detail")
	p.shoot("phone-dark-table")
}

// TestWhatIsNarrowedIsNotShownAsBlocked holds for the list, the graph and the table.
func TestWhatIsNarrowedIsNotShownAsBlocked(t *testing.T) {
	r := small()
	r.Clusters[0].Findings[0].Narrowed = true
	p := open(t, r, "light", 1280)
	p.want(`document.querySelector('[data-finding="F1"]').textContent`, "F1 · high · B5 · narrowed")
	p.want("document.getElementById('graph')._cyreg.cy.edges('.narrowed').length", "1")
	p.want("document.getElementById('graph')._cyreg.cy.edges('.blocked').length", "0")
	p.run(chromedp.Click(chromedp.CSS("#table-button")))
	p.want("document.querySelector('#table tbody tr').textContent", "narrowed")
}

// apart fails where the graph hides edges: an edge between two nodes is seen only if they do not overlap.
func (p *reader) apart(state string) {
	p.t.Helper()
	hidden := p.ask(`(() => {
		const cy = document.getElementById('graph')._cyreg.cy, all = [];
		cy.edges().forEach((e) => {
			const a = e.source(), b = e.target();
			if (a.same(b) || a.ancestors().has(b) || b.ancestors().has(a)) return;
			const p = a.boundingBox({ includeLabels: false }), q = b.boundingBox({ includeLabels: false });
			if (p.x1 < q.x2 && q.x1 < p.x2 && p.y1 < q.y2 && q.y1 < p.y2) all.push(e.id());
		});
		return all.length + ' of ' + cy.edges().length + ' ' + all.slice(0, 5).join(' ');
	})()`)
	if !strings.HasPrefix(hidden, "0 of ") {
		p.t.Errorf("%s: edges between nodes that overlap: %s", state, hidden)
	}
}

// TestTwoThousandWorkloadsArePaintedBeforeTheyAreLaidOut holds however slow the machine is; how long both take is logged,
// and stands in docs/performance.md.
func TestTwoThousandWorkloadsArePaintedBeforeTheyAreLaidOut(t *testing.T) {
	for name, r := range map[string]*impact.Result{"large": large(), "generated": generated(t)} {
		t.Run(name, func(t *testing.T) {
			p := open(t, r, "light", 1280)
			paint, ready := p.number("performance.getEntriesByName('first-contentful-paint')[0].startTime"), p.number("document.documentElement.dataset.ready")
			t.Logf("first paint with content after %.0f ms, graph ready after %.0f ms", paint, ready)
			if paint <= 0 || paint > ready {
				t.Errorf("painted after %.0f ms, and ready after %.0f", paint, ready)
			}
			p.want("document.querySelectorAll('#graph canvas').length > 0", "true")
			p.want("document.querySelectorAll('#list li').length > 10", "true")
			p.want("document.documentElement.scrollWidth <= innerWidth", "true")
			if name == "large" {
				p.want("document.getElementById('shown').textContent", "40 nodes, 20 edges")
			}
			p.shoot(name)
			p.apart("changed")
			p.run(chromedp.Click(chromedp.CSS(`[data-state="after"]`)))
			p.shoot(name + "-after")
			p.apart("after")
		})
	}
}

// Package browser looks at the HTML report as a reader does, in Chromium. It is a module of its own so that the program
// does not depend on what drives a browser.
package browser

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/report"
)

var shots = flag.String("shots", "", "a folder to write screenshots to")

// reader is a browser that notes whatever a page must not do.
type reader struct {
	context.Context
	t      *testing.T
	mu     sync.Mutex
	faults []string
}

func open(t *testing.T, r *impact.Result, scheme string, width int64) *reader {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("SKIPPED: no Chromium is installed, so the HTML report was NOT looked at")
	}
	var page bytes.Buffer
	if err := report.HTML(&page, r, report.Options{Link: func(side, file string, line int) string {
		return fmt.Sprintf("https://github.com/acme/shop/blob/%s/%s#L%d", side, file, line)
	}}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	t.Cleanup(stop)
	p := &reader{t: t}
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithListener(p.listen))
	t.Cleanup(cancel)
	ctx, cancelTime := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancelTime)
	p.Context = ctx
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	p.check(err)
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	p.check(err)
	_, err = chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 500,
	})
	p.check(err)
	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	p.check(err)
	p.run(chromedp.Navigate("file://"+file), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, f := range p.faults {
			t.Error(f)
		}
	})
	t.Logf("page of %d bytes", page.Len())
	return p
}

// listen notes what a page must not do. Warnings of the graph library are faults, too: it warns of what it cannot draw.
func (p *reader) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.fault("exception: %s", e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			p.fault("console: %s", e.Args[0].Value)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			p.fault("log: %s", e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "file://") && !strings.HasPrefix(e.Request.URL, "data:") {
			p.fault("request: %s", e.Request.URL)
		}
	}
}

func (p *reader) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *reader) fault(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, fmt.Sprintf(format, args...))
}

func (p *reader) run(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	p.check(chromedp.Do(p, steps...))
}

func (p *reader) ask(script string) string {
	p.t.Helper()
	answer, err := chromedp.Run(p, chromedp.Evaluate[string]("String("+script+")"))
	p.check(err)
	return answer
}

func (p *reader) want(script, want string) {
	p.t.Helper()
	if got := p.ask(script); !strings.Contains(got, want) {
		p.t.Errorf("%s is %q, which lacks %q", script, got, want)
	}
}

func (p *reader) shoot(name string) {
	if *shots == "" {
		return
	}
	png, err := chromedp.Run(p, chromedp.FullScreenshot(100))
	p.check(err)
	p.check(os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o644))
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

func TestTheKeyboardAloneReachesACause(t *testing.T) {
	p := open(t, small(), "light", 1280)
	for range 30 {
		p.run(chromedp.KeyEvent(kb.Tab))
		if p.ask("document.activeElement.dataset.finding") == "F1" {
			p.run(chromedp.KeyEvent(kb.Enter))
			p.want("document.getElementById('detail').textContent", "redis.yaml:12")
			p.want("getComputedStyle(document.activeElement).outlineStyle", "solid")
			return
		}
	}
	t.Error("30 tabs do not reach the first finding")
}

func TestTwoThousandWorkloadsBeginAsNamespaces(t *testing.T) {
	p := open(t, large(), "light", 1280)
	t.Logf("first paint after %s ms, graph ready after %s ms", p.ask("performance.getEntriesByName('first-paint')[0]?.startTime"), p.ask("document.documentElement.dataset.ready"))
	p.want("document.getElementById('shown').textContent", "40 nodes, 20 edges")
	p.shoot("large")
}

package browser

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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
)

// look is how a page is looked at: the colours that the reader prefers, and the width of the window in pixels.
type look struct {
	scheme string
	width  int64
}

// reader is a browser that notes whatever a page must not do.
type reader struct {
	context.Context
	t      *testing.T
	mu     sync.Mutex
	faults []string
}

// start starts a browser that the test ends with.
func start(t *testing.T) *reader {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("SKIPPED: no Chromium is installed, so the reports were NOT looked at")
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	t.Cleanup(stop)
	p := &reader{t: t}
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithListener(p.listen))
	t.Cleanup(cancel)
	ctx, cancelTime := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancelTime)
	p.Context = ctx
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	p.check(err)
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	p.check(err)
	t.Cleanup(p.settle)
	return p
}

// settle tells what pages did that they must not, and forgets it.
func (p *reader) settle() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		p.t.Error(f)
	}
	p.faults = nil
}

// read opens a page and waits for an element of it.
func (p *reader) read(page []byte, l look, ready string) {
	p.t.Helper()
	_, err := chromedp.Call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: l.width, Height: 900, DeviceScaleFactor: 1, Mobile: l.width < 500,
	})
	p.check(err)
	_, err = chromedp.Call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}},
	})
	p.check(err)
	file := filepath.Join(p.t.TempDir(), "page.html")
	p.check(os.WriteFile(file, page, 0o600))
	p.run(chromedp.Navigate("file://"+file), chromedp.WaitReady(chromedp.CSS(ready)))
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

func (p *reader) number(script string) float64 {
	p.t.Helper()
	answer := p.ask(script)
	n, err := strconv.ParseFloat(answer, 64)
	if err != nil {
		p.t.Fatalf("%s is %q, no number", script, answer)
	}
	return n
}

func (p *reader) want(script, want string) {
	p.t.Helper()
	if got := p.ask(script); !strings.Contains(got, want) {
		p.t.Errorf("%s is %q, which lacks %q", script, got, want)
	}
}

// shoot takes a picture of the whole page into the test's folder, for a person to look at. A picture of one colour is of nothing.
func (p *reader) shoot(name string) {
	p.t.Helper()
	shot, err := chromedp.Run(p, chromedp.FullScreenshot(100))
	p.check(err)
	p.check(os.WriteFile(filepath.Join(p.t.ArtifactDir(), name+".png"), shot, 0o644))
	picture, err := png.Decode(bytes.NewReader(shot))
	p.check(err)
	if n := colours(picture); n < 8 {
		p.t.Errorf("the picture %s has %d colours", name, n)
	}
}

func colours(i image.Image) int {
	found := make(map[color.Color]bool)
	for y := i.Bounds().Min.Y; y < i.Bounds().Max.Y; y += 2 {
		for x := i.Bounds().Min.X; x < i.Bounds().Max.X; x += 2 {
			found[i.At(x, y)] = true
		}
	}
	return len(found)
}

package pullrequest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/pullrequest/githubtest"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

// workshop is a runner with a checkout of pull request 42 and a GitHub to talk to.
type workshop struct {
	t       *testing.T
	server  *githubtest.Server
	commits map[string]string
	dir     string
	environ map[string]string
	asked   review.Options
	log     string
	outputs map[string]string
	summary string
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	from, commits := origin(t)
	w := &workshop{t: t, server: githubtest.New(t), commits: maps.Clone(commits), dir: t.TempDir()}
	git(t, w.dir, "init", "--quiet")
	git(t, w.dir, "remote", "add", "origin", "file://"+from)
	git(t, w.dir, "fetch", "--quiet", "--depth=1", "origin", "refs/pull/42/merge")
	git(t, w.dir, "checkout", "--quiet", "FETCH_HEAD")
	w.server.SetPull(githubtest.Pull{Number: 42, SHA: commits["topic"], Ref: "topic"})
	w.environ = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": t.TempDir(), "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "100", "GITHUB_RUN_ATTEMPT": "1",
		"GITHUB_SERVER_URL": "https://github.example", "GITHUB_API_URL": w.server.URL, "GITHUB_GRAPHQL_URL": w.server.GraphQL, "GITHUB_WORKSPACE": w.dir,
		"GITHUB_OUTPUT": filepath.Join(t.TempDir(), "output"), "GITHUB_STEP_SUMMARY": filepath.Join(t.TempDir(), "summary"),
		"INPUT_TOKEN": githubtest.Token,
	}
	w.event("pull_request", w.pull("synchronize", "acme/shop"))
	return w
}

// pull is the event of pull request 42.
func (w *workshop) pull(action, headRepo string) map[string]any {
	repo := map[string]any{"full_name": "acme/shop"}
	return map[string]any{"action": action, "number": 42, "pull_request": map[string]any{
		"number": 42, "state": "open",
		"head": map[string]any{"sha": w.commits["topic"], "ref": "topic", "repo": map[string]any{"full_name": headRepo}},
		"base": map[string]any{"sha": w.commits["fork-point"], "ref": "main", "repo": repo},
	}}
}

func (w *workshop) event(name string, payload any) {
	w.t.Helper()
	text, err := json.Marshal(payload)
	if err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(w.t.TempDir(), "event.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.environ["GITHUB_EVENT_NAME"], w.environ["GITHUB_EVENT_PATH"] = name, file
}

// run runs the step on a result and returns the exit code.
func (w *workshop) run(result *impact.Result, err error) int {
	w.t.Helper()
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		if file := w.environ[name]; file != "" {
			_ = os.Remove(file) // each step has its own
		}
	}
	var environ []string
	for name, value := range w.environ {
		environ = append(environ, name+"="+value)
	}
	var log bytes.Buffer
	code := Run(w.t.Context(), Options{
		Environ: environ, Log: &log, clock: newStepClock(), transport: &http.Transport{}, random: rand.Reader,
		Diff: func(_ context.Context, o review.Options) (*impact.Result, error) {
			w.asked = o
			return result, err
		},
	})
	w.log = log.String()
	output, _ := os.ReadFile(w.environ["GITHUB_OUTPUT"]) // what is missing is empty
	w.outputs = readOutputs(w.t, string(output))
	summary, _ := os.ReadFile(w.environ["GITHUB_STEP_SUMMARY"])
	w.summary = string(summary)
	return code
}

func resultWith(pass bool, severity impact.Severity) *impact.Result {
	r := &impact.Result{Base: "base", Head: "head", Gate: impact.Gate{Pass: pass}, Clusters: []impact.Cluster{{Name: "prod", Findings: []impact.Finding{{
		ID: "F1", Rule: "O4", Severity: severity, Confidence: impact.Exact, Kind: impact.Opened, Title: "anyone reaches shop/cart",
		Causes:      []impact.Cause{{Object: "NetworkPolicy shop/cart", File: "topic", Line: 1, Side: "head", Change: "added"}},
		Connections: []impact.Connection{{Sources: []impact.Peer{{Name: "world"}}, Destinations: []impact.Peer{{Workload: &impact.WorkloadID{Kind: "Deployment", Namespace: "shop", Name: "cart"}}}, Count: 1}},
	}}}}}
	if !pass {
		r.Gate.Reasons = []string{"1 opened finding is high or worse"}
	}
	return r
}

func noChange() *impact.Result {
	return &impact.Result{Gate: impact.Gate{Pass: true}, Clusters: []impact.Cluster{{Name: "prod"}}}
}

func broken() *impact.Result {
	r := resultWith(false, impact.Low)
	r.Diagnostics = []manifest.Diagnostic{{Severity: manifest.Error, File: "broken.yaml", Line: 7, Message: "is no YAML"}}
	return r
}

func (w *workshop) want(text string, parts ...string) {
	w.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			w.t.Errorf("no %q in:\n%s", part, text)
		}
	}
}

func (w *workshop) wantOutputs(want map[string]string) {
	w.t.Helper()
	for name, value := range want {
		if w.outputs[name] != value {
			w.t.Errorf("output %s is %q, want %q", name, w.outputs[name], value)
		}
	}
}

func TestGateIsTheExitCode(t *testing.T) {
	for _, test := range []struct {
		name       string
		result     *impact.Result
		err        error
		code       int
		conclusion string
	}{
		{"nothing changed", noChange(), nil, 0, "pass"},
		{"findings that pass", resultWith(true, impact.Low), nil, 0, "pass"},
		{"findings that fail", resultWith(false, impact.High), nil, 1, "fail"},
		{"what could not be analysed weighs more than a failing gate", broken(), nil, 3, "error"},
		{"a mistake in the configuration", nil, &review.UsageError{Err: errors.New(".github/netpol-impact.yaml:3: unknown setting gtae")}, 2, "error"},
		{"any other error", nil, errors.New("the disk is full"), 3, "error"},
	} {
		for _, token := range []string{githubtest.Token, githubtest.ReadToken, ""} {
			t.Run(test.name+" with token "+token, func(t *testing.T) {
				w := newWorkshop(t)
				w.environ["INPUT_TOKEN"] = token
				if code := w.run(test.result, test.err); code != test.code {
					t.Errorf("exit code %d, want %d", code, test.code)
				}
				w.wantOutputs(map[string]string{"conclusion": test.conclusion, "exit-code": fmt.Sprint(test.code)})
				if w.summary == "" {
					t.Error("no summary")
				}
			})
		}
	}
}

func TestPullRequestFromFirstCommentToNoChange(t *testing.T) {
	w := newWorkshop(t)
	w.run(noChange(), nil)
	if n := len(w.server.Comments(42)); n != 0 {
		t.Fatalf("%d comments though nothing ever changed", n)
	}
	w.environ["GITHUB_RUN_ID"] = "101"
	if code := w.run(resultWith(false, impact.High), nil); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if o := w.asked; o.Base != w.commits["main"] || o.Head != w.commits["merge"] || o.Dir != w.dir || !o.OnlyTighten || o.TrustHead {
		t.Errorf("asked for %+v", o)
	}
	comments := w.server.Comments(42)
	if len(comments) != 1 {
		t.Fatalf("%d comments", len(comments))
	}
	w.want(comments[0].Body, "<!-- netpol-impact:v1 id=default sha="+w.commits["topic"]+" run=101.1 -->\n", "netpol-impact &#40;prod&#41;", "shop/cart",
		"https://github.example/acme/shop/blob/"+w.commits["merge"]+"/topic#L1")
	w.want(w.log, "::error file=topic,line=1,title=high (rule O4)::anyone reaches shop/cart", "the merge commit against its first parent", "Gate: 1 opened finding is high or worse")
	w.want(w.summary, "shop/cart")
	w.wantOutputs(map[string]string{"conclusion": "fail", "worst-severity": "high", "high": "1", "opened": "1", "blocked": "0", "findings": "1",
		"reasons": "1 opened finding is high or worse", "base": w.commits["main"], "head": w.commits["merge"],
		"comment-url": fmt.Sprintf("%s/acme/shop/pull/42#issuecomment-%d", w.server.HTML, comments[0].ID)})

	w.environ["GITHUB_RUN_ID"] = "102"
	if code := w.run(noChange(), nil); code != 0 {
		t.Errorf("exit code %d", code)
	}
	after := w.server.Comments(42)
	if len(after) != 1 || after[0].ID != comments[0].ID {
		t.Fatalf("the comment was not edited: %q", bodies(after))
	}
	w.want(after[0].Body, "run=102.1 quiet -->", "no connection changes")
}

func TestForkGetsVerdictSummaryAndAnnotationsWithoutAComment(t *testing.T) {
	w := newWorkshop(t)
	w.event("pull_request", w.pull("opened", "mallory/shop"))
	w.environ["INPUT_TOKEN"] = githubtest.ReadToken
	w.environ["INPUT_JSON"] = "netpol-impact.json"
	if code := w.run(resultWith(false, impact.Critical), nil); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if n := len(w.server.Comments(42)); n != 0 {
		t.Errorf("%d comments", n)
	}
	w.want(w.log, "::error file=topic", "::warning title=netpol-impact::no comment: the token cannot write")
	w.want(w.summary, "shop/cart")
	if _, err := os.Stat(filepath.Join(w.dir, "netpol-impact.json")); err != nil {
		t.Error(err)
	}
}

func TestMergeGroupIsGatedAndNotCommented(t *testing.T) {
	w := newWorkshop(t)
	w.event("merge_group", map[string]any{"action": "checks_requested", "merge_group": map[string]any{"base_sha": w.commits["main"], "head_sha": w.commits["merge"]}})
	if code := w.run(resultWith(false, impact.High), nil); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if o := w.asked; o.Base != w.commits["main"] || o.Head != w.commits["merge"] {
		t.Errorf("asked for %+v", o)
	}
	if got := w.server.Requests(); len(got) != 0 {
		t.Errorf("asked GitHub for %v", got)
	}
	w.want(w.summary, "shop/cart")
}

func TestInputsOnlyTighten(t *testing.T) {
	w := newWorkshop(t)
	w.environ["INPUT_FAIL_ON_OPENED"], w.environ["INPUT_FAIL-ON-BLOCKED"] = "low", "off"
	w.environ["INPUT_TARGETS"] = "overlays/prod\n  overlays/dev , charts/x"
	w.environ["INPUT_CONFIG"] = "policy/netpol.yaml"
	w.environ["INPUT_LIMITS"] = "time=2m, memory=4GiB\nfiles=100000"
	w.environ["INPUT_CACHE"] = "/var/cache/netpol"
	w.run(noChange(), nil)
	o := w.asked
	if want := (sandbox.Limits{Time: 2 * time.Minute, Memory: 4 << 30, Files: 100_000}); o.Limits != want {
		t.Errorf("asked for the limits %s", o.Limits)
	}
	if want := (config.Gate{FailOnOpened: "low", FailOnBlocked: "never"}); o.Gate != want || !o.OnlyTighten || o.TrustHead {
		t.Errorf("asked for the gate %+v, tightening only %v, trusting head %v", o.Gate, o.OnlyTighten, o.TrustHead)
	}
	if o.Cache != "/var/cache/netpol" || !o.KeepBaseOnly {
		t.Errorf("asked for the cache %q, for base only: %v", o.Cache, o.KeepBaseOnly)
	}
	if got := strings.Join(o.Targets, "|"); got != "overlays/prod|overlays/dev|charts/x" || o.Config != "policy/netpol.yaml" {
		t.Errorf("targets %s, configuration %s", got, o.Config)
	}
}

func TestMistakesInTheWorkflowAreUsageErrors(t *testing.T) {
	for name, change := range map[string]func(w *workshop){
		"comment":           func(w *workshop) { w.environ["INPUT_COMMENT"] = "always" },
		"comment-id":        func(w *workshop) { w.environ["INPUT_COMMENT_ID"] = "a --> b" },
		"fail-on-opened":    func(w *workshop) { w.environ["INPUT_FAIL_ON_OPENED"] = "hihg" },
		"annotations":       func(w *workshop) { w.environ["INPUT_ANNOTATIONS"] = "maybe" },
		"working-directory": func(w *workshop) { w.environ["INPUT_WORKING_DIRECTORY"] = "../.." },
		"base and head":     func(w *workshop) { w.environ["INPUT_BASE"] = "HEAD" },
		"limits":            func(w *workshop) { w.environ["INPUT_LIMITS"] = "time=2m, memory=lots" },
		"upload-sarif":      func(w *workshop) { w.environ["INPUT_UPLOAD_SARIF"] = "true" },
		"GITHUB_REPOSITORY": func(w *workshop) { w.environ["GITHUB_REPOSITORY"] = "" },
		"GITHUB_EVENT_NAME": func(w *workshop) { w.environ["GITHUB_EVENT_NAME"] = "" },
		"use pull_request":  func(w *workshop) { w.environ["GITHUB_EVENT_NAME"] = "pull_request_target" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t)
			change(w)
			if code := w.run(noChange(), nil); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			w.want(w.log, "::error title=netpol-impact::", name)
			w.wantOutputs(map[string]string{"conclusion": "error", "exit-code": "2"})
		})
	}
}

func TestPullRequestThatEditsTheWorkflowIsToldSo(t *testing.T) {
	w := newWorkshop(t)
	git(t, w.dir, "checkout", "--quiet", "-B", "work", "HEAD")
	file := filepath.Join(w.dir, ".github", "workflows", "check.yml")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("- uses: netpol-impact/netpol-impact@v1\n  continue-on-error: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, ".github", "workflows", "other.yml"), []byte("- run: make\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, w.dir, "add", ".github")
	git(t, w.dir, "commit", "--quiet", "-m", "edit")
	w.event("push", map[string]any{"ref": "refs/heads/main", "before": w.commits["merge"], "after": git(t, w.dir, "rev-parse", "HEAD")})
	w.run(noChange(), nil)
	w.want(w.log, "::warning file=.github/workflows/check.yml,title=", "workflow: this change adds a workflow that runs netpol-impact")
	if strings.Contains(w.log, "other.yml") {
		t.Error("a workflow that does not use the action was reported")
	}
}

func TestReportIsNotWrittenThroughALink(t *testing.T) {
	for name, prepare := range map[string]func(w *workshop, victim string) string{
		"a linked file": func(w *workshop, victim string) string {
			return w.link(victim, "out.json", "out.json")
		},
		"a linked folder": func(w *workshop, victim string) string {
			return w.link(filepath.Dir(victim), "reports", "reports/victim")
		},
		"a link inside the checkout": func(w *workshop, _ string) string {
			return w.link("topic", "out.json", "out.json")
		},
		"git's own folder": func(*workshop, string) string { return ".git/config" },
		"a way out":        func(*workshop, string) string { return "../out.json" },
		"an absolute path through a link": func(w *workshop, victim string) string {
			return filepath.Join(w.dir, w.link(victim, "out.json", "out.json"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t)
			victim := filepath.Join(t.TempDir(), "victim")
			if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
			w.environ["INPUT_JSON"] = prepare(w, victim)
			if code := w.run(noChange(), nil); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			for _, file := range []string{victim, filepath.Join(w.dir, "topic")} {
				if text, _ := os.ReadFile(file); len(text) > 10 {
					t.Errorf("%s was overwritten", file)
				}
			}
			w.want(w.log, "as the input json says")
		})
	}
}

// link makes a symbolic link in the checkout and returns what is asked for.
func (w *workshop) link(to, name, asked string) string {
	w.t.Helper()
	if err := os.Symlink(to, filepath.Join(w.dir, name)); err != nil {
		w.t.Fatal(err)
	}
	return asked
}

func TestReportsAreWrittenWhereTheInputsSay(t *testing.T) {
	w := newWorkshop(t)
	elsewhere := filepath.Join(t.TempDir(), "result.json")
	for _, file := range []string{"out.json", "reports/deep/out.json", elsewhere} {
		w.environ["INPUT_JSON"] = file
		if code := w.run(noChange(), nil); code != 0 {
			t.Errorf("exit code %d:\n%s", code, w.log)
		}
		if !filepath.IsAbs(file) {
			file = filepath.Join(w.dir, file)
		}
		text, err := os.ReadFile(file)
		if err != nil || !json.Valid(text) {
			t.Errorf("%s: %v", file, err)
		}
		w.wantOutputs(map[string]string{"json": w.environ["INPUT_JSON"]})
	}
}

func TestTheHTMLReportLinksToTheComparedCommits(t *testing.T) {
	w := newWorkshop(t)
	w.environ["INPUT_HTML"] = "report.html"
	w.run(resultWith(false, impact.High), nil)
	if !w.asked.Graph {
		t.Error("the connections before and after were not asked for")
	}
	text, err := os.ReadFile(filepath.Join(w.dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	w.want(string(text), "Content-Security-Policy", "anyone reaches shop/cart", "/acme/shop/blob/"+w.asked.Head+"/topic#L1")
	w.wantOutputs(map[string]string{"html": "report.html"})
}

func TestSkippedEventsPass(t *testing.T) {
	w := newWorkshop(t)
	w.event("pull_request", w.pull("closed", "acme/shop"))
	if code := w.run(nil, errors.New("must not be asked")); code != 0 {
		t.Errorf("exit code %d", code)
	}
	w.wantOutputs(map[string]string{"conclusion": "skipped"})
}

// TestHostileNamesReachNoPartOfThePlatform runs a result whose every text is hostile through everything that is written.
func TestHostileNamesReachNoPartOfThePlatform(t *testing.T) {
	w, run := newWorkshop(t), 100
	for _, text := range append(hostile, "@acme/admins #1 https://evil.example <img src=x onerror=alert(1)> --> <!-- netpol-impact:v1 id=default sha="+oldSHA+" run=999.1 -->") {
		run++
		w.environ["GITHUB_RUN_ID"] = fmt.Sprint(run)
		r := resultWith(false, impact.High)
		r.Base, r.Head = text, text
		r.Gate.Reasons = []string{text}
		r.Diagnostics = []manifest.Diagnostic{{Severity: manifest.Warning, Object: text, File: text, Message: text}}
		f := &r.Clusters[0].Findings[0]
		r.Clusters[0].Name, f.Title, f.Explanation, f.Advice = text, text, text, text
		f.Causes = []impact.Cause{{Object: text, File: text, Line: 1, Change: text}}
		f.Evidence = []impact.Evidence{{Kind: text, Text: text, File: text}}
		f.Connections[0].Destinations[0].Workload.Name = text
		if code := w.run(r, nil); code != 1 {
			t.Errorf("exit code %d", code)
		}
		for _, command := range commands(w.log) {
			if command != "group" && command != "endgroup" && command != "error" && command != "warning" {
				t.Errorf("%q gave the command %q", text, command)
			}
		}
		if got := strings.Count(fmt.Sprint(commands(w.log)), "group"); got != 2 {
			t.Errorf("%q opened a group", text)
		}
		w.wantOutputs(map[string]string{"conclusion": "fail", "reasons": text, "exit-code": "1"})
		comments := w.server.Comments(42)
		if len(comments) != 1 || strings.Count(comments[0].Body, "<!--") != 1 {
			t.Errorf("%q: the comment is %q", text, bodies(comments))
		}
	}
}

// handOver writes the JSON report of a result as the other run's artifact has it.
func (w *workshop) handOver(result *impact.Result) []byte {
	w.t.Helper()
	var text bytes.Buffer
	if err := report.JSON(&text, result); err != nil {
		w.t.Fatal(err)
	}
	return text.Bytes()
}

// companion makes the workshop one of workflow_run for a pull request from a fork.
func (w *workshop) companion(artifact []byte) {
	w.t.Helper()
	w.server.SetPull(githubtest.Pull{Number: 42, SHA: w.commits["topic"], Ref: "topic", HeadRepo: "mallory/shop"})
	w.server.SetPull(githubtest.Pull{Number: 43, SHA: oldSHA, Ref: "topic", HeadRepo: "eve/shop"})
	file := filepath.Join(w.t.TempDir(), "netpol-impact.json")
	if artifact != nil {
		if err := os.WriteFile(file, artifact, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	w.environ["INPUT_RESULT"] = file
	w.event("workflow_run", map[string]any{"action": "completed", "workflow_run": map[string]any{
		"id": 77, "run_attempt": 2, "event": "pull_request", "head_sha": w.commits["topic"], "head_branch": "topic", "pull_requests": []any{},
		"head_repository": map[string]any{"full_name": "mallory/shop", "owner": map[string]any{"login": "mallory"}},
	}})
}

func TestCompanionCommentsForAFork(t *testing.T) {
	w := newWorkshop(t)
	handed := resultWith(false, impact.High)
	handed.Base, handed.Head = w.commits["main"], w.commits["merge"]
	w.companion(w.handOver(handed))
	if code := w.run(nil, errors.New("nothing may be compared here")); code != 0 {
		t.Fatalf("exit code %d:\n%s", code, w.log)
	}
	comments := w.server.Comments(42)
	if len(comments) != 1 {
		t.Fatalf("%d comments:\n%s", len(comments), w.log)
	}
	w.want(comments[0].Body, "id=default sha="+w.commits["topic"]+" run=77.2 -->", "shop/cart", "/blob/"+w.commits["merge"]+"/topic#L1")
	if len(w.server.Comments(43)) != 0 {
		t.Error("another fork's pull request was commented on")
	}
}

func TestCompanionSkipsWhatIsNotItsBusiness(t *testing.T) {
	for name, change := range map[string]func(w *workshop){
		"the branch has moved on": func(w *workshop) {
			w.server.SetPull(githubtest.Pull{Number: 42, SHA: newSHA, Ref: "topic", HeadRepo: "mallory/shop"})
		},
		"the pull request is closed": func(w *workshop) {
			w.server.SetPull(githubtest.Pull{Number: 42, SHA: w.commits["topic"], Ref: "topic", HeadRepo: "mallory/shop", Closed: true})
		},
		"no artifact": func(w *workshop) { w.environ["INPUT_RESULT"] = filepath.Join(w.dir, "nowhere.json") },
		"a push's run": func(w *workshop) {
			w.event("workflow_run", map[string]any{"workflow_run": map[string]any{"id": 77, "event": "push", "head_sha": w.commits["topic"]}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t)
			w.companion(w.handOver(resultWith(false, impact.High)))
			change(w)
			if code := w.run(nil, nil); code != 0 {
				t.Errorf("exit code %d:\n%s", code, w.log)
			}
			w.want(w.log, "Nothing to do")
			if n := len(w.server.Comments(42)); n != 0 {
				t.Errorf("%d comments", n)
			}
		})
	}
}

func TestHostileArtifactIsRefused(t *testing.T) {
	whole := string((&workshop{t: t}).handOver(resultWith(false, impact.High)))
	for name, text := range map[string]string{
		"no JSON":             "<html>",
		"empty":               "",
		"another schema":      strings.Replace(whole, "diff/v1", "diff/v9", 1),
		"an unknown severity": strings.Replace(whole, `"high"`, `"fine"`, 1),
		"an unknown kind":     strings.Replace(whole, `"opened"`, `"@acme"`, 1),
		"a side of its own":   strings.Replace(whole, `"side":"head"`, `"side":"../../evil"`, 1),
		"a long text":         strings.Replace(whole, "anyone reaches", strings.Repeat("x", maxPhrase), 1),
		"a long list":         strings.Replace(whole, `"reasons":[`, `"reasons":[`+strings.Repeat(`"",`, maxMembers), 1),
		"deep nesting":        strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
		"two peers in one":    strings.Replace(whole, `"name":"world"`, `"name":"world","potential":{}`, 1),
		"a wrong type":        strings.Replace(whole, `"clusters":`, `"clusters":5,"was":`, 1),
		"too large":           strings.Repeat(" ", maxResult+1),
	} {
		t.Run(name, func(t *testing.T) {
			if text == whole {
				t.Fatal("the text was not changed")
			}
			w := newWorkshop(t)
			w.companion([]byte(text))
			if code := w.run(nil, nil); code != 3 {
				t.Errorf("exit code %d, want 3", code)
			}
			if n := len(w.server.Comments(42)); n != 0 {
				t.Errorf("%d comments", n)
			}
		})
	}
}

func TestHostileWordsOfAnArtifactStayText(t *testing.T) {
	w := newWorkshop(t)
	for _, text := range hostile {
		r := resultWith(true, impact.High)
		r.Clusters[0].Name, r.Clusters[0].Findings[0].Title, r.Base = text, text+" @acme/admins", text
		w.companion(w.handOver(r))
		if code := w.run(nil, nil); code != 0 {
			t.Errorf("%q: exit code %d", text, code)
		}
		if got := commands(w.log); got != nil {
			t.Errorf("%q gave the commands %q", text, got)
		}
		comments := w.server.Comments(42)
		if len(comments) != 1 || strings.Count(comments[0].Body, "<!--") != 1 {
			t.Errorf("%q: the comment is %q", text, bodies(comments))
		}
	}
}

func FuzzReadResult(f *testing.F) {
	var text bytes.Buffer
	if err := report.JSON(&text, resultWith(false, impact.High)); err != nil {
		f.Fatal(err)
	}
	f.Add(text.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		result, err := readResult(text)
		if err != nil {
			return
		}
		if err := report.Markdown(&bytes.Buffer{}, result, report.Options{}); err != nil {
			t.Error(err)
		}
	})
}

// What a fork's run hands over is shown whole by the run that comments for it.
func TestAHandedOverResultLosesNothing(t *testing.T) {
	r := resultWith(false, impact.High)
	f := &r.Clusters[0].Findings[0]
	f.Explanation, f.Advice, f.Fingerprint = "because", "do not", "0123456789abcdef"
	f.Evidence = []impact.Evidence{{Kind: "dependency", Text: "CART_ADDR", File: "topic", Line: 2}}
	f.Accepted = &impact.Acceptance{Reason: "until the move", Author: "team shop", Until: "2026-12-31"}
	f.Narrowed, f.Undo = true, cause.All
	c := &r.Clusters[0]
	c.CNI, c.BlastRadius = "calico", []impact.Radius{{Workload: impact.WorkloadID{Kind: "Deployment", Namespace: "shop", Name: "cart"}, Before: 1, After: 2}}
	c.RadiiUnasked = 3
	c.Supposed = []impact.Supposed{{If: "staged were enforced", Findings: c.Findings, Gone: c.Findings}}
	r.Clusters = append(r.Clusters, impact.Cluster{Name: "staging", Targets: []string{"overlays/staging"}, Untouched: true})
	var text, again bytes.Buffer
	if err := report.JSON(&text, r); err != nil {
		t.Fatal(err)
	}
	read, err := readResult(text.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := report.JSON(&again, read); err != nil {
		t.Fatal(err)
	}
	if again.String() != text.String() {
		t.Errorf("handed over:\n%s\nread:\n%s", text.String(), again.String())
	}
}

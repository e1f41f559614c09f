package pullrequest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/pullrequest/githubtest"
)

const label = "netpol-impact/accepted"

// newAcceptWorkshop has a configuration on the base commit.
func newAcceptWorkshop(t *testing.T, configuration string) *workshop {
	t.Helper()
	w := newWorkshop(t)
	git(t, w.dir, "fetch", "--quiet", "--unshallow", "origin", "refs/heads/main", "refs/heads/topic")
	return w.withConfigurationOnBase(configuration)
}

// act lets something happen to the pull request and runs the step; labels are those that it has then.
func (w *workshop) act(id int, action string, result *impact.Result, labels ...string) int {
	w.t.Helper()
	w.environ["GITHUB_RUN_ID"] = fmt.Sprint(id)
	ev := w.pull(action, "acme/shop")
	ev["sender"] = map[string]any{"login": "mona"}
	if action == "labeled" || action == "unlabeled" {
		ev["label"] = map[string]any{"name": label}
	}
	w.event("pull_request", ev)
	w.server.SetPull(githubtest.Pull{Number: 42, SHA: w.commits["topic"], Ref: "topic", Labels: labels})
	return w.run(result, nil)
}

func failing(fingerprints ...string) *impact.Result {
	r := resultWith(false, impact.High)
	f := r.Clusters[0].Findings[0]
	r.Clusters[0].Findings = nil
	for _, fingerprint := range fingerprints {
		f.Fingerprint = fingerprint
		r.Clusters[0].Findings = append(r.Clusters[0].Findings, f)
	}
	return r
}

func TestLabelAcceptsTheFindingsOfItsCommit(t *testing.T) {
	w := newAcceptWorkshop(t, "accept-label: "+label+"\n")
	step := func(what string, want, got int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: exit code %d, want %d\n%s", what, got, want, w.log)
		}
	}
	step("no label", 1, w.act(100, "opened", failing("a", "b")))
	step("the label is set", 0, w.act(101, "labeled", failing("a", "b"), label))
	w.wantOutputs(map[string]string{"conclusion": "accepted"})
	comments := w.server.Comments(42)
	if len(comments) != 1 {
		t.Fatalf("%d comments", len(comments))
	}
	w.want(comments[0].Body, "accepted by mona", label)
	step("another event on the same commit", 0, w.act(102, "reopened", failing("b", "a"), label))
	step("fewer findings", 0, w.act(103, "reopened", failing("a"), label))
	step("a finding that did not stand then", 1, w.act(104, "reopened", failing("a", "c"), label))
	w.want(w.log, "remove it and set it again")
	step("set again", 0, w.act(105, "labeled", failing("a", "c"), label))
	step("the label is taken away", 1, w.act(106, "unlabeled", failing("a", "c")))
	step("an old run of the label is repeated", 1, w.act(105, "labeled", failing("a", "c")))
	step("set once more", 0, w.act(107, "labeled", failing("a", "c"), label))
	if n := len(w.server.Comments(42)); n != 1 {
		t.Errorf("%d comments", n)
	}

	// A new push needs the label again.
	git(t, w.dir, "checkout", "--quiet", "--detach", w.commits["topic"])
	git(t, w.dir, "commit", "--quiet", "--allow-empty", "-m", "another push")
	w.commits["topic"] = git(t, w.dir, "rev-parse", "HEAD")
	w.withConfigurationOnBase("accept-label: " + label + "\n")
	step("a new push", 1, w.act(108, "synchronize", failing("a", "c"), label))
}

// withConfigurationOnBase makes the merge anew, on a base with a configuration.
func (w *workshop) withConfigurationOnBase(configuration string) *workshop {
	w.t.Helper()
	git(w.t, w.dir, "checkout", "--quiet", "--detach", w.commits["main"])
	file := filepath.Join(w.dir, ".github", "netpol-impact.yaml")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		w.t.Fatal(err)
	}
	git(w.t, w.dir, "add", ".github")
	git(w.t, w.dir, "commit", "--quiet", "-m", "configuration")
	git(w.t, w.dir, "merge", "--quiet", "--no-ff", "-m", "merge", w.commits["topic"])
	return w
}

func TestLabelAcceptsNothingElse(t *testing.T) {
	for name, test := range map[string]struct {
		configuration string
		result        *impact.Result
		label         string
		token         string
		code          int
	}{
		"base's configuration does not allow it":  {"gate: {}\n", failing("a"), label, githubtest.Token, 1},
		"another label":                           {"accept-label: other\n", failing("a"), label, githubtest.Token, 1},
		"what could not be analysed":              {"accept-label: " + label + "\n", broken(), label, githubtest.Token, 3},
		"a finding without a fingerprint":         {"accept-label: " + label + "\n", failing("a", ""), label, githubtest.Token, 1},
		"GitHub does not say what the labels are": {"accept-label: " + label + "\n", failing("a"), label, "ghs_expired", 1},
		"the label is gone by now":                {"accept-label: " + label + "\n", failing("a"), "", githubtest.Token, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newAcceptWorkshop(t, test.configuration)
			w.environ["INPUT_TOKEN"] = test.token
			var labels []string
			if test.label != "" {
				labels = []string{test.label}
			}
			if code := w.act(100, "labeled", test.result, labels...); code != test.code {
				t.Errorf("exit code %d, want %d\n%s", code, test.code, w.log)
			}
		})
	}
}

func TestAcceptanceIsReadFromOurCommentAlone(t *testing.T) {
	w := newAcceptWorkshop(t, "accept-label: "+label+"\n")
	accepted := acceptance{by: "mallory", findings: identities(failing("a"))}
	m := marker{id: "default", sha: w.commits["topic"], run: run{1, 1}}
	w.server.AddComment(42, "mallory", m.String()+"\n"+accepted.String())
	w.server.AddComment(42, githubtest.Bot, m.String()+"\nquoted: "+accepted.String())
	if code := w.act(100, "reopened", failing("a"), label); code != 1 {
		t.Errorf("exit code %d: an acceptance that a commenter wrote was taken", code)
	}
}

func TestAcceptanceSurvivesItsComment(t *testing.T) {
	for _, a := range []acceptance{{"mona", identities(failing("a", "b"))}, {"renovate[bot]", identities(failing("x"))}} {
		got, ok := readAcceptance("marker\n" + a.String() + "\r\nthe report")
		if !ok || got.by != a.by || strings.Join(got.findings, ",") != strings.Join(a.findings, ",") {
			t.Errorf("%v was read back as %v", a, got)
		}
	}
}

package pullrequest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func TestTheConfigurationSaysWhenToComment(t *testing.T) {
	edited := noChange()
	edited.Diagnostics = []manifest.Diagnostic{{Severity: manifest.Warning, File: ".github/netpol-impact.yaml", Message: "the change edits this configuration (gate)"}}
	broken := &impact.Result{Gate: impact.Gate{}, Diagnostics: []manifest.Diagnostic{{Severity: manifest.Error, Message: "overlays/prod does not render"}}}
	const always, changed, failing = "comment: {when: always}\n", "comment: {when: changed}\n", "comment: {when: failing}\n"
	for name, test := range map[string]struct {
		configuration string
		result        *impact.Result
		comments      int
	}{
		"nothing changed":                              {"gate: {}\n", noChange(), 0},
		"nothing changed, changed":                     {changed, noChange(), 0},
		"nothing changed, always":                      {always, noChange(), 1},
		"nothing changed, failing":                     {failing, noChange(), 0},
		"a low finding":                                {"gate: {}\n", resultWith(true, impact.Low), 1},
		"a low finding, failing":                       {failing, resultWith(true, impact.Low), 0},
		"a failed gate, failing":                       {failing, resultWith(false, impact.High), 1},
		"what could not be analysed, failing":          {failing, broken, 1},
		"an edited configuration, changed":             {changed, edited, 1},
		"an edited configuration that passes, failing": {failing, edited, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newAcceptWorkshop(t, test.configuration)
			w.act(100, "opened", test.result)
			if n := len(w.server.Comments(42)); n != test.comments {
				t.Errorf("%d comments, want %d\n%s", n, test.comments, w.log)
			}
		})
	}
}

// TestACommentThatStandsIsCorrected shows that a comment about what failed does not outlive it, however rarely there is one.
func TestACommentThatStandsIsCorrected(t *testing.T) {
	w := newAcceptWorkshop(t, "comment: {when: failing}\n")
	w.act(100, "opened", resultWith(false, impact.High))
	w.act(101, "synchronize", resultWith(true, impact.Low))
	comments := w.server.Comments(42)
	if len(comments) != 1 {
		t.Fatalf("%d comments", len(comments))
	}
	w.want(comments[0].Body, "run=101.1", "1 low")
}

func TestTheConfigurationSaysWhatBecomesOfEarlierComments(t *testing.T) {
	push := func(w *workshop, configuration string) {
		git(t, w.dir, "checkout", "--quiet", "--detach", w.commits["topic"])
		git(t, w.dir, "commit", "--quiet", "--allow-empty", "-m", "another push")
		w.commits["topic"] = git(t, w.dir, "rev-parse", "HEAD")
		w.withConfigurationOnBase(configuration)
	}
	for name, test := range map[string]struct {
		configuration, input string
		comments             int
	}{
		"nothing said":                   {"gate: {}\n", "", 1},
		"update":                         {"comment: {earlier: update}\n", "", 1},
		"hide and new":                   {"comment: {earlier: hide-and-new}\n", "", 2},
		"delete and new":                 {"comment: {earlier: delete-and-new}\n", "", 1},
		"off":                            {"comment: {earlier: off}\n", "", 0},
		"off, but for the input":         {"comment: {earlier: off}\n", "update", 1},
		"hide and new, the input is off": {"comment: {earlier: hide-and-new}\n", "off", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newAcceptWorkshop(t, test.configuration)
			w.environ["INPUT_COMMENT"] = test.input
			w.act(100, "opened", resultWith(false, impact.High))
			push(w, test.configuration)
			w.act(101, "synchronize", resultWith(false, impact.High))
			if n := len(w.server.Comments(42)); n != test.comments {
				t.Errorf("%d comments, want %d\n%s", n, test.comments, w.log)
			}
		})
	}
}

// TestHeadSilencesNoComment shows that a pull request cannot turn off its own comment by its configuration.
func TestHeadSilencesNoComment(t *testing.T) {
	w := newAcceptWorkshop(t, "gate: {}\n")
	git(t, w.dir, "checkout", "--quiet", "--detach", w.commits["topic"])
	if err := os.WriteFile(filepath.Join(w.dir, ".netpol-impact.yaml"), []byte("comment: {earlier: off}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, w.dir, "add", ".")
	git(t, w.dir, "commit", "--quiet", "-m", "no comments any more")
	w.commits["topic"] = git(t, w.dir, "rev-parse", "HEAD")
	w.withConfigurationOnBase("gate: {}\n")
	w.act(100, "synchronize", resultWith(false, impact.High))
	if n := len(w.server.Comments(42)); n != 1 {
		t.Errorf("%d comments\n%s", n, w.log)
	}
}

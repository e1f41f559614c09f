package pullrequest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/pullrequest/githubtest"
)

// commitToBase adds files to the base branch, before the topic branch leaves it.
func (s *stage) commitToBase(files map[string]string) {
	s.t.Helper()
	for name, text := range files {
		file := filepath.Join(s.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	git(s.t, s.dir, "add", ".")
	git(s.t, s.dir, "commit", "--quiet", "-m", "more of base")
	git(s.t, s.dir, "branch", "--force", "topic")
}

func TestActAcceptsByALabel(t *testing.T) {
	s := newStage(t, "accept-label.yml")
	s.commitToBase(map[string]string{".github/netpol-impact.yaml": "accept-label: " + label + "\ngate: {fail-on-blocked: low}\n"})
	topic := s.replace("head", nil)
	if s.play("pull_request", s.pullRequest(topic, "acme/shop"), githubtest.Token) {
		t.Error("the gate passed without the label")
	}
	s.server.SetPull(githubtest.Pull{Number: 42, SHA: topic, Ref: "topic", Labels: []string{label}})
	labeled := s.pullRequest(topic, "acme/shop")
	labeled["action"], labeled["label"], labeled["sender"] = "labeled", map[string]any{"name": label}, map[string]any{"login": "mona"}
	if !s.play("pull_request", labeled, githubtest.Token) {
		t.Error("the gate failed with the label")
	}
	s.wantComment("accepted by mona")
}

func TestActInformsOnly(t *testing.T) {
	s := newStage(t, "inform-only.yml")
	s.commitToBase(map[string]string{".github/netpol-impact.yaml": "gate: {fail-on-opened: never, fail-on-blocked: never}\n"})
	for range 2 {
		topic := s.replace("head", nil)
		if !s.play("pull_request", s.pullRequest(topic, "acme/shop"), githubtest.Token) {
			t.Error("the job failed")
		}
	}
	comments := s.server.Comments(42)
	if len(comments) != 2 || !comments[0].Minimized || comments[1].Minimized {
		t.Fatalf("want an old comment that is hidden and a new one: %+v", comments)
	}
}

func TestActTellsEachConfigurationApart(t *testing.T) {
	s := newStage(t, "matrix.yml")
	const overlay = "resources: [../../kustomize]\n"
	s.commitToBase(map[string]string{"overlays/production/kustomization.yaml": overlay, "overlays/staging/kustomization.yaml": overlay})
	topic := s.replace("head", nil)
	if !s.play("pull_request", s.pullRequest(topic, "acme/shop"), githubtest.Token) {
		t.Error("the job failed")
	}
	ids := map[string]int{}
	for _, comment := range s.server.Comments(42) {
		for _, id := range []string{"production", "staging"} {
			if strings.Contains(comment.Body, "id="+id+" ") && strings.Contains(comment.Body, "deny-all") {
				ids[id]++
			}
		}
	}
	if len(s.server.Comments(42)) != 2 || ids["production"] != 1 || ids["staging"] != 1 {
		t.Errorf("want one comment of each configuration: %q", bodies(s.server.Comments(42)))
	}
}

func TestActHandsOutputsToLaterSteps(t *testing.T) {
	s := newStage(t, "outputs.yml")
	topic := s.replace("head", nil)
	if !s.play("pull_request", s.pullRequest(topic, "acme/shop"), githubtest.Token) {
		t.Error("the job failed")
	}
	if !strings.Contains(s.log, "pass, worst medium") {
		t.Error("a later step did not see the outputs")
	}
	if uploads := s.server.SARIF(); len(uploads) != 1 || !strings.Contains(uploads[0], "deny-all") {
		t.Errorf("uploaded to code scanning: %q", uploads)
	}
}

func TestActKeepsWhatBaseRendersTo(t *testing.T) {
	s := newStage(t, "cached.yml")
	kept := t.TempDir()
	const cache = "actions/cache@55cc8345863c7cc4c66a329aec7e433d2d1c52a9"
	s.stub(cache, "restore", `mkdir -p "$FILE" && cp -R `+kept+`/. "$FILE"/ && echo "restored $(find "$FILE" -type f | wc -l) files"`)
	s.stub(cache, "save", `cp -R "$FILE"/. `+kept+`/`)
	files := func() (n int) {
		t.Helper()
		if err := filepath.WalkDir(kept, func(_ string, e os.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				n++
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	topic := s.replace("head", nil)
	merge := git(t, s.dir, "rev-parse", "HEAD")
	if !s.play("push", map[string]any{"ref": "refs/heads/main", "before": git(t, s.dir, "rev-parse", "main"), "after": merge}, githubtest.Token) {
		t.Error("the push failed")
	}
	saved := files()
	if saved == 0 {
		t.Fatal("nothing was saved")
	}
	if !s.play("pull_request", s.pullRequest(topic, "acme/shop"), githubtest.Token) {
		t.Error("the job failed")
	}
	s.wantComment("deny-all")
	if !strings.Contains(s.log, "restored "+strconv.Itoa(saved)+" files") || files() != saved {
		t.Errorf("%d files were saved, %d are kept", saved, files())
	}
}

func TestActComparesByHand(t *testing.T) {
	s := newStage(t, "by-hand.yml")
	s.replace("head", nil)
	if !s.play("workflow_dispatch", map[string]any{"inputs": map[string]any{"base": "main", "head": "topic"}}, githubtest.Token) {
		t.Error("the job failed")
	}
	if !strings.Contains(s.log, "the given commits") || !strings.Contains(s.log, "connections blocked") {
		t.Error("the commits were not compared")
	}
}

// TestEveryExampleIsPlayed holds whether act is there or not.
func TestEveryExampleIsPlayed(t *testing.T) {
	var tests strings.Builder
	for _, file := range []string{"act_test.go", "act_examples_test.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(text)
	}
	examples, err := filepath.Glob("../examples/*.yml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("%v, %d examples", err, len(examples))
	}
	for _, example := range examples {
		if !strings.Contains(tests.String(), `"`+filepath.Base(example)+`"`) {
			t.Errorf("no test plays %s", example)
		}
	}
}

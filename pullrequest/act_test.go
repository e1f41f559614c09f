package pullrequest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/pullrequest/githubtest"
)

// stage is a repository of boutique's commits whose workflow is one of the examples, played by nektos/act on this machine
// against the fake GitHub.
type stage struct {
	t      *testing.T
	act    string
	dir    string
	root   string
	server *githubtest.Server
	runs   int
	log    string
	// stubs stand for other actions, by name.
	stubs map[string]string
}

// newStage skips unless NETPOL_IMPACT_ACT names the act binary; .ci/action builds one. NETPOL_IMPACT_ACT_ENV is a variable
// for every run, NAME=value.
func newStage(t *testing.T, examples ...string) *stage {
	t.Helper()
	act := os.Getenv("NETPOL_IMPACT_ACT")
	if act == "" {
		t.Skip("NETPOL_IMPACT_ACT is not set: .ci/action plays the action end to end")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, act: act, dir: t.TempDir(), root: root, server: githubtest.New(t)}
	git(t, s.dir, "init", "--quiet", "--initial-branch=main")
	git(t, s.dir, "remote", "add", "origin", "https://github.com/acme/shop")
	s.copy(filepath.Join(root, "testdata", "boutique", "base", "kustomize"), "kustomize")
	for _, example := range examples {
		s.copy(filepath.Join(root, "examples", example), ".github/workflows/"+example)
	}
	git(t, s.dir, "add", ".")
	git(t, s.dir, "commit", "--quiet", "-m", "base")
	git(t, s.dir, "branch", "topic")
	return s
}

func (s *stage) copy(from, to string) {
	s.t.Helper()
	to = filepath.Join(s.dir, to)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-R", from, to).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
}

// replace makes a folder of testdata the topic branch's manifests, after a change, and checks the merge into main out. It
// returns the commit of the branch.
func (s *stage) replace(with string, change func(dir string)) string {
	s.t.Helper()
	git(s.t, s.dir, "checkout", "--quiet", "topic")
	if err := os.RemoveAll(filepath.Join(s.dir, "kustomize")); err != nil {
		s.t.Fatal(err)
	}
	s.copy(filepath.Join(s.root, "testdata", "boutique", with, "kustomize"), "kustomize")
	if change != nil {
		change(filepath.Join(s.dir, "kustomize"))
	}
	git(s.t, s.dir, "add", ".")
	git(s.t, s.dir, "commit", "--quiet", "--allow-empty", "-m", with)
	topic := git(s.t, s.dir, "rev-parse", "HEAD")
	git(s.t, s.dir, "checkout", "--quiet", "--detach", "main")
	git(s.t, s.dir, "merge", "--quiet", "--no-ff", "-m", "merge", "topic")
	s.server.SetPull(githubtest.Pull{Number: 42, SHA: topic, Ref: "topic"})
	return topic
}

func (s *stage) pullRequest(topic, from string) map[string]any {
	return map[string]any{"action": "synchronize", "number": 42, "pull_request": map[string]any{
		"number": 42, "state": "open",
		"head": map[string]any{"sha": topic, "ref": "topic", "repo": map[string]any{"full_name": from}},
		"base": map[string]any{"sha": git(s.t, s.dir, "rev-parse", "main"), "ref": "main", "repo": map[string]any{"full_name": "acme/shop"}},
	}}
}

// play runs the workflow on an event and tells whether the job succeeded.
func (s *stage) play(event string, payload map[string]any, token string, env ...string) bool {
	s.t.Helper()
	s.runs++
	text, err := json.Marshal(payload)
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.t.TempDir(), "event.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
	args := []string{event, "--eventpath", file, "-P", "ubuntu-latest=-self-hosted", "--pull=false", "--action-offline-mode", "--no-cache-server",
		"--artifact-server-addr", "127.0.0.1", "--secret", "GITHUB_TOKEN=" + token, "--local-repository", "netpol-impact/netpol-impact@v1=" + s.root,
		"--env", "GITHUB_API_URL=" + s.server.URL, "--env", "GITHUB_GRAPHQL_URL=" + s.server.GraphQL, "--env", fmt.Sprintf("GITHUB_RUN_ID=%d", 100+s.runs)}
	for action, dir := range s.stubs {
		args = append(args, "--local-repository", action+"="+dir)
	}
	for _, e := range append([]string{os.Getenv("NETPOL_IMPACT_ACT_ENV")}, env...) {
		if e != "" {
			args = append(args, "--env", e)
		}
	}
	cmd := exec.Command(s.act, args...)
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	s.log = string(out)
	s.t.Logf("%s: %v\n%s", event, err, out)
	return err == nil
}

func (s *stage) wantComment(parts ...string) githubtest.Comment {
	s.t.Helper()
	comments := s.server.Comments(42)
	if len(comments) != 1 {
		s.t.Fatalf("%d comments: %q", len(comments), bodies(comments))
	}
	for _, part := range parts {
		if !strings.Contains(comments[0].Body, part) {
			s.t.Errorf("no %q in the comment:\n%s", part, comments[0].Body)
		}
	}
	return comments[0]
}

func TestActPlaysAPullRequest(t *testing.T) {
	s := newStage(t, "pull-request.yml")
	topic := s.replace("head", nil)
	if !s.play("pull_request", s.pullRequest(topic, "acme/shop"), githubtest.Token) {
		t.Fatal("the first push failed")
	}
	first := s.wantComment("sha="+topic+" ", "deny-all", "Blocked")

	topic = s.replace("head", func(dir string) {
		if err := os.Remove(filepath.Join(dir, "components", "network-policy", "network-policy-redis.yaml")); err != nil {
			t.Fatal(err)
		}
		edit(t, filepath.Join(dir, "components", "network-policy", "kustomization.yaml"), "network-policy-redis.yaml", "")
	})
	s.play("pull_request", s.pullRequest(topic, "acme/shop"), githubtest.Token)
	if second := s.wantComment("sha="+topic+" ", "redis-cart"); second.ID != first.ID || second.Body == first.Body {
		t.Error("the second push did not edit the comment")
	}

	topic = s.replace("base", nil)
	if !s.play("pull_request", s.pullRequest(topic, "acme/shop"), githubtest.Token) {
		t.Error("the fixed pull request failed")
	}
	if third := s.wantComment("sha="+topic+" ", "no connection changes"); third.ID != first.ID {
		t.Error("the fix did not edit the comment")
	}
}

func TestActFailsTheGateForForksAndMergeGroupsAlike(t *testing.T) {
	s := newStage(t, "pull-request.yml")
	// The base branch asks for more than the default.
	if err := os.WriteFile(filepath.Join(s.dir, ".github", "netpol-impact.yaml"), []byte("gate: {fail-on-blocked: low}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	git(t, s.dir, "add", ".")
	git(t, s.dir, "commit", "--quiet", "-m", "gate")
	git(t, s.dir, "branch", "--force", "topic")
	topic := s.replace("head", nil)
	if s.play("pull_request", s.pullRequest(topic, "acme/shop"), githubtest.Token) {
		t.Error("the gate did not fail")
	}
	s.wantComment("gate fails")

	writes := func(request string) bool {
		return !strings.HasPrefix(request, "GET") && !strings.HasPrefix(request, "GRAPHQL")
	}
	before := len(slices.DeleteFunc(s.server.Requests(), func(r string) bool { return !writes(r) }))
	// A commit of the action without a release is built from its source.
	if s.play("pull_request", s.pullRequest(topic, "mallory/shop"), githubtest.ReadToken, "NETPOL_IMPACT_RELEASE_FILE=/nonexistent") {
		t.Error("the gate did not fail for a fork")
	}
	if !strings.Contains(s.log, "building it from source") || !strings.Contains(s.log, "the token cannot write to pull requests") {
		t.Error("the log does not say where the program is from, or why there is no comment")
	}
	merge := git(t, s.dir, "rev-parse", "HEAD")
	if s.play("merge_group", map[string]any{"action": "checks_requested", "merge_group": map[string]any{
		"base_sha": git(t, s.dir, "rev-parse", "main"), "head_sha": merge, "base_ref": "refs/heads/main", "head_ref": "refs/heads/gh-readonly-queue/main/pr-42"}}, githubtest.Token) {
		t.Error("the gate did not fail for a merge group")
	}
	if after := len(slices.DeleteFunc(s.server.Requests(), func(r string) bool { return !writes(r) })); after > before+1 {
		t.Errorf("a fork or a merge group wrote: %v", s.server.Requests())
	}
}

// artifacts makes stubs of the actions that hand a report from one run to another.
func (s *stage) artifacts() {
	s.t.Helper()
	kept := s.t.TempDir()
	s.stub("actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02", "", `cp "$FILE" `+kept+`/`)
	s.stub("actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093", "", `mkdir -p "$FILE" && cp `+kept+`/* "$FILE"/`)
}

// stub lets a script stand for an action, or for one in a folder of it; FILE is the action's path.
func (s *stage) stub(action, folder, script string) {
	s.t.Helper()
	if s.stubs == nil {
		s.stubs = make(map[string]string)
	}
	if s.stubs[action] == "" {
		s.stubs[action] = s.t.TempDir()
	}
	dir := filepath.Join(s.stubs[action], folder)
	text := "name: stub\ndescription: stub\ninputs:\n  path:\n    description: path\nruns:\n  using: composite\n  steps:\n  - shell: bash\n    run: " + script + "\n    env:\n      FILE: ${{ inputs.path }}\n"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "action.yml"), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func TestActCommentsForAFork(t *testing.T) {
	s := newStage(t, "fork.yml", "fork-comment.yml")
	s.artifacts()
	topic := s.replace("head", nil)
	s.server.SetPull(githubtest.Pull{Number: 42, SHA: topic, Ref: "topic", HeadRepo: "mallory/shop"})
	if !s.play("pull_request", s.pullRequest(topic, "mallory/shop"), githubtest.ReadToken) {
		t.Fatal("the fork's run failed")
	}
	if n := len(s.server.Comments(42)); n != 0 {
		t.Fatalf("%d comments before the companion ran", n)
	}
	if !s.play("workflow_run", map[string]any{"action": "completed", "workflow_run": map[string]any{
		"id": 77, "run_attempt": 1, "name": "netpol-impact", "event": "pull_request", "head_sha": topic, "head_branch": "topic", "pull_requests": []any{},
		"head_repository": map[string]any{"full_name": "mallory/shop", "owner": map[string]any{"login": "mallory"}},
	}}, githubtest.Token) {
		t.Fatal("the companion failed")
	}
	s.wantComment("sha="+topic+" run=77.1 ", "deny-all", "Blocked")
}

func TestActComparesAPush(t *testing.T) {
	s := newStage(t, "by-hand.yml")
	s.replace("head", nil)
	merge := git(t, s.dir, "rev-parse", "HEAD")
	if !s.play("push", map[string]any{"ref": "refs/heads/main", "before": git(t, s.dir, "rev-parse", "main"), "after": merge}, githubtest.Token) {
		t.Error("the push failed")
	}
	if !strings.Contains(s.log, "the push against the commit before") || !strings.Contains(s.log, "connections blocked") || len(s.server.Requests()) > 0 {
		t.Error("the push was not compared, or commented on")
	}
}

func TestActRunsNoProgramWithAnotherSum(t *testing.T) {
	s := newStage(t, "pull-request.yml")
	topic := s.replace("head", nil)
	release := filepath.Join(t.TempDir(), "release")
	if err := os.WriteFile(release, []byte("version v1.0.0\nfrom file://"+s.root+"\n"+strings.Repeat("0", 64)+"  netpol-impact_linux_amd64.gz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "netpol-impact_linux_amd64.gz"), []byte("evil"), 0o600); err != nil {
		t.Fatal(err)
	}
	edit(t, release, s.root, s.dir)
	if s.play("pull_request", s.pullRequest(topic, "acme/shop"), githubtest.Token, "NETPOL_IMPACT_RELEASE_FILE="+release) {
		t.Error("the job passed")
	}
	if !strings.Contains(s.log, "it is not run") || len(s.server.Requests()) > 0 {
		t.Error("a program with another sum was run")
	}
}

func edit(t *testing.T, file, from, to string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if to == "" && strings.Contains(line, from) {
			lines[i] = ""
		}
		lines[i] = strings.ReplaceAll(lines[i], from, to)
	}
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

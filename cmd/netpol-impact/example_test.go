package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

const boutique = "../../testdata/boutique"

// compare runs diff on two sides and returns its JSON without the sides' names.
func compare(t *testing.T, base, head string) map[string]any {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"diff", "--base", base, "--head", head, "--expand", "--format", "json"},
		func(string) string { return "" }, nil, &stdout, &stderr)
	if code > 1 {
		t.Fatalf("exit code %d\n%s%s", code, &stdout, &stderr)
	}
	validate(t, base, stdout.Bytes())
	var result map[string]any
	if err := json.Unmarshal(stdout.Bytes(), &result); err != nil {
		t.Fatal(err)
	}
	delete(result, "base")
	delete(result, "head")
	return result
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestCommitsCompareAsFoldersDo makes a repository of the example's two states.
func TestCommitsCompareAsFoldersDo(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	folders := compare(t, boutique+"/base", boutique+"/head")
	repo := t.TempDir()
	git(t, repo, "init", "-q")
	for _, side := range []string{"base", "head"} {
		if err := os.RemoveAll(filepath.Join(repo, "kustomize")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(repo, os.DirFS(filepath.Join(boutique, side))); err != nil {
			t.Fatal(err)
		}
		git(t, repo, "add", "-A")
		git(t, repo, "commit", "-qm", side)
	}
	// A working tree that is neither side must not matter, and stay as it is.
	if err := os.WriteFile(filepath.Join(repo, "kustomize", "kustomization.yaml"), []byte("broken: ["), 0o666); err != nil {
		t.Fatal(err)
	}
	before := git(t, repo, "status", "--porcelain=v2", "--branch")
	t.Chdir(repo)
	commits := compare(t, "HEAD~1", "HEAD")
	if !reflect.DeepEqual(commits, folders) {
		t.Errorf("commits differ from folders:\n%v\n%v", commits, folders)
	}
	if after := git(t, repo, "status", "--porcelain=v2", "--branch"); after != before {
		t.Errorf("the working tree changed:\n%s%s", before, after)
	}
}

// TestTheAnswerDependsOnTheInputAlone runs one comparison several times: neither the order in which targets finish
// rendering nor that of a map may show.
func TestTheAnswerDependsOnTheInputAlone(t *testing.T) {
	first := compare(t, boutique+"/base", boutique+"/head")
	for range 3 {
		if again := compare(t, boutique+"/base", boutique+"/head"); !reflect.DeepEqual(again, first) {
			t.Fatalf("another answer:\n%v\n%v", first, again)
		}
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// size is what a comment costs its reader.
type size struct{ findings, inSight, whole int }

// The bounds of a comment that is read in two minutes.
const (
	mostFindings = 5
	mostInSight  = 3000
)

var folded = regexp.MustCompile(`(?s)<details>.*?</details>\n?`)

func sizeOf(t *testing.T, base, head string) size {
	t.Helper()
	file := filepath.Join(t.TempDir(), "result.json")
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"diff", "--base", base, "--head", head, "--format", "markdown", "--output", file},
		func(string) string { return "" }, nil, &stdout, &stderr)
	if code > 1 {
		t.Fatalf("exit code %d\n%s%s", code, &stdout, &stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r struct {
		Clusters []struct{ Findings []struct{} }
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	// The folders' names are no part of a comment's size.
	page := strings.NewReplacer(base, "base", head, "head").Replace(stdout.String())
	s := size{whole: len(page), inSight: len(folded.ReplaceAllString(page, ""))}
	for _, c := range r.Clusters {
		s.findings += len(c.Findings)
	}
	return s
}

// TestCommentsAreShort holds docs/performance.md to the sizes of comments on real changes and generated clusters, and the
// latter to what a reader has time for.
func TestCommentsAreShort(t *testing.T) {
	type comparison struct{ name, base, head string }
	var all []comparison
	for _, name := range []string{"boutique", "argocd-redis-egress"} {
		all = append(all, comparison{name, "../../testdata/" + name + "/base", "../../testdata/" + name + "/head"})
	}
	if shared := os.Getenv(sharedVariable); shared != "" {
		for _, name := range []string{"kube-prometheus-adapter", "namespace-lister", "sock-shop-rename"} {
			dir := filepath.Join(shared, "corpus", name)
			all = append(all, comparison{name, filepath.Join(dir, "base"), filepath.Join(dir, "head")})
		}
	} else {
		t.Logf("three more real changes are not part of this repository; set %s to the folder that has corpus/", sharedVariable)
	}
	docs, err := filepath.Abs("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].base, err = filepath.Abs(all[i].base); err == nil {
			all[i].head, err = filepath.Abs(all[i].head)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(t.TempDir()) // the names of temporary folders are no part of a comment's size
	write := func(name, text string) string {
		if err := os.WriteFile(name+".yaml", []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return name + ".yaml"
	}
	for _, n := range []int{150, 1000, 10_000} {
		apps := generate.Apps(n)
		base := write(fmt.Sprint(n), apps)
		renamed := strings.Replace(apps, "name: app-4, namespace: team-0}\nspec:\n  selector", "name: app-4-v2, namespace: team-0}\nspec:\n  selector", 1)
		all = append(all,
			comparison{fmt.Sprintf("%d workloads: a namespace's ingress denied", n), base, write(fmt.Sprintf("%d-in", n), apps+generate.DefaultDeny(0, "Ingress"))},
			comparison{fmt.Sprintf("%d workloads: a namespace's ingress and egress denied", n), base, write(fmt.Sprintf("%d-both", n), apps+generate.DefaultDeny(0, "Ingress, Egress"))},
			comparison{fmt.Sprintf("%d workloads: five namespaces' ingress and egress denied", n), base, write(fmt.Sprintf("%d-five", n), apps+denyNamespaces(5))},
			comparison{fmt.Sprintf("%d workloads: an application renamed", n), base, write(fmt.Sprintf("%d-renamed", n), renamed)},
		)
	}
	doc, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		s := sizeOf(t, c.base, c.head)
		t.Log(c.name, s)
		if strings.Contains(c.name, "workloads") && (s.findings > mostFindings || s.inSight > mostInSight) {
			t.Errorf("%s: %d findings, %d bytes in sight; bounds are %d and %d", c.name, s.findings, s.inSight, mostFindings, mostInSight)
		}
		row := fmt.Sprintf("| %s | %d | %s | %s |", c.name, s.findings, thousands(s.inSight), thousands(s.whole))
		old := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(c.name) + ` \|.*$`)
		if *update {
			doc = old.ReplaceAll(doc, []byte(row))
		}
		if !bytes.Contains(doc, []byte(row+"\n")) {
			t.Errorf("docs/performance.md has no row %q; run go test ./cmd/netpol-impact -update", row)
		}
	}
	if *update {
		if err := os.WriteFile(docs, doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func denyNamespaces(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(generate.DefaultDeny(i, "Ingress, Egress"))
	}
	return b.String()
}

func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

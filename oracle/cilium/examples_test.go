package cilium

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// The examples of Cilium's documentation, told in words of our own: stage.yaml is the cluster of each, and every other file
// the policies of one.
func TestEngineAgreesWithCiliumOnExamples(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/examples.txtar")
	if err != nil {
		t.Fatal(err)
	}
	documents := func(f txtar.File) []string { return strings.Split(strings.TrimSpace(string(f.Data)), "\n---\n") }
	stage := documents(archive.Files[0])
	for _, f := range archive.Files[1:] {
		t.Run(strings.TrimSuffix(f.Name, ".yaml"), func(t *testing.T) {
			verdicts, _ := check(t, append(slices.Clone(stage), documents(f)...))
			t.Logf("%d verdicts compared", verdicts)
		})
	}
}

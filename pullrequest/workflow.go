package pullrequest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// workflowObject names what a change of how we are run is told about.
const workflowObject = "workflow"

// ourName is in every file that uses the action, whoever's copy of it.
const ourName = "netpol-impact"

// texts reads files of commits.
type texts interface {
	// Blobs lists the files below a folder, path to the hash of the contents.
	Blobs(ctx context.Context, revision, folder string) (map[string]string, error)
	// Text reads contents.
	Text(ctx context.Context, blob string) (string, error)
}

// workflowChanges tells what a change does to the workflows that run us. In pull_request the workflow file is the pull
// request's own: whoever reads the verdict must know when its author had a hand in how it is made.
func workflowChanges(ctx context.Context, repo texts, base, head string) []manifest.Diagnostic {
	const folder = ".github/"
	before, err := repo.Blobs(ctx, base, folder)
	after, err2 := repo.Blobs(ctx, head, folder)
	if err != nil || err2 != nil {
		return []manifest.Diagnostic{{Severity: manifest.Warning, Object: workflowObject, File: folder, Message: "it could not be seen whether this change edits the workflow that runs netpol-impact"}}
	}
	files := maps.Clone(before)
	maps.Copy(files, after)
	var found []manifest.Diagnostic
	for _, file := range slices.Sorted(maps.Keys(files)) {
		ending := strings.HasSuffix(file, ".yml") || strings.HasSuffix(file, ".yaml")
		if !ending || before[file] == after[file] || file == ".github/netpol-impact.yaml" || !uses(ctx, repo, before[file]) && !uses(ctx, repo, after[file]) {
			continue
		}
		change := "edits"
		switch {
		case after[file] == "":
			change = "removes"
		case before[file] == "":
			change = "adds"
		}
		found = append(found, manifest.Diagnostic{Severity: manifest.Warning, Object: workflowObject, File: file,
			Message: fmt.Sprintf("this change %s a workflow that runs netpol-impact: look at it before you trust the verdict", change)})
	}
	return found
}

// uses tells whether a file names the action. One that cannot be read might.
func uses(ctx context.Context, repo texts, blob string) bool {
	if blob == "" {
		return false
	}
	text, err := repo.Text(ctx, blob)
	return err != nil || strings.Contains(text, ourName)
}

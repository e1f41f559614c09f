package review

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/helm"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// Bounds on looking at the templates that a change edits: how many are read, and how deep they lie.
const (
	maxTemplates     = 2000
	maxTemplateDepth = 20
)

// questions are what a template can ask that has another answer in a cluster than here: what is there already, whether it is
// an upgrade, which kinds there are, what time it is, which Helm installs it, what a name resolves to, and whether the release has a
// certain name.
var questions = regexp.MustCompile(`\{\{[^}]*?\b(?:(?:if|eq|ne|and|or|ternary|contains|hasPrefix|hasSuffix)\b[^}]*?\.(Release\.Name(?:space)?)\b|(lookup|IsUpgrade|IsInstall|Revision|APIVersions|KubeVersion|HelmVersion|Release\.Service|getHostByName|now)\b)`)

// asking looks for templates that newly ask something.
type asking struct {
	*comparison
	// files and archives count what was looked at.
	files, archives int
	charts          []string
	// at says where a chart's templates ask, and what.
	at map[string][]string
	// was are the packed charts that base has, too, in this or another version.
	was map[string]bool
}

// tellAsking warns of charts whose templates ask, by the change, what only the cluster knows: a policy that is made or left out by
// the answer is another one there.
func (c *comparison) tellAsking() {
	if c.filesOnly() {
		return
	}
	a := asking{comparison: c, at: make(map[string][]string), was: make(map[string]bool)}
	a.folder(".", "", 0)
	for _, chart := range a.charts {
		where := firstOf(a.at[chart])
		severity := manifest.Info
		if a.isOld(chart) {
			severity = manifest.Warning
		}
		c.notes = append(c.notes, manifest.Diagnostic{Severity: severity, File: chart,
			Message: fmt.Sprintf("by the change, templates of this chart ask more of what only a cluster knows (%s): what they render to there may be something else than what is compared", strings.Join(where, ", "))})
	}
}

// isOld tells whether base has the chart, or one that it is a part of.
func (a *asking) isOld(chart string) bool {
	if a.was[chart] {
		return true
	}
	for dir := chart; ; dir = path.Dir(dir) {
		if _, err := fs.Stat(a.base.tree, path.Join(dir, "Chart.yaml")); err == nil {
			return true
		}
		if dir == "." {
			return false
		}
	}
}

// folder looks at what differs in a folder; chart is the one that it holds templates of, if any.
func (a *asking) folder(dir, chart string, depth int) {
	if depth > maxTemplateDepth || tree.Same(a.base.tree, a.head.tree, dir) {
		return
	}
	names, kinds := a.entries(dir)
	for _, name := range names {
		at := path.Join(dir, name)
		switch mode := kinds[name]; {
		case mode.IsDir() && chart == "" && name == "templates" && slices.Contains(names, "Chart.yaml"):
			a.folder(at, dir, depth+1)
		case mode.IsDir() && name != ".git":
			a.folder(at, chart, depth+1)
		case mode.IsRegular() && helm.PackedName(name) != "":
			a.archive(dir, name)
		case mode.IsRegular() && chart != "" && a.files < maxTemplates && !tree.Same(a.base.tree, a.head.tree, at):
			a.files++
			a.file(at, chart)
		}
	}
}

func (a *asking) file(at, chart string) {
	text, err := a.head.tree.ReadFile(at)
	if err != nil {
		return // it is gone
	}
	old, err := a.base.tree.ReadFile(at)
	if err != nil {
		old = nil // it is new
	}
	a.text(strings.TrimPrefix(at, chart+"/"), chart, old, text)
}

// text looks for what a template asks and did not ask before.
func (a *asking) text(name, chart string, old, text []byte) {
	before := make(map[string]int)
	for _, q := range questions.FindAllSubmatch(old, -1) {
		before[string(q[1])+string(q[2])]++
	}
	for _, q := range questions.FindAllSubmatchIndex(text, -1) {
		begin, end := max(q[2], q[4]), max(q[3], q[5])
		word := string(text[begin:end])
		if before[word]--; before[word] >= 0 {
			continue
		}
		if a.at[chart] == nil {
			a.charts = append(a.charts, chart)
		}
		line := 1 + strings.Count(string(text[:begin]), "\n")
		a.at[chart] = append(a.at[chart], fmt.Sprintf("%s in %s:%d", word, name, line))
	}
}

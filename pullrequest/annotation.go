package pullrequest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// annotations are a result's remarks at the lines that cause its findings, worst first. What could not be analysed comes
// before all: nobody knows how bad it is.
func annotations(result *impact.Result) []annotation {
	type ranked struct {
		annotation
		rank int
		// clusters have the finding alike: five environments, one annotation.
		clusters []string
	}
	var all []ranked
	at := make(map[annotation]int)
	for _, d := range result.Diagnostics {
		a := annotation{file: d.File, line: d.Line, text: d.Message}
		if d.Object != "" {
			a.text = d.Object + ": " + a.text
		}
		switch d.Severity {
		case manifest.Error:
			a.level, a.title = "error", "Could not be analysed"
			all = append(all, ranked{annotation: a, rank: impact.Critical.Rank() + 1})
		case manifest.Warning:
			a.level, a.title = "warning", "May not mean what it seems to"
			all = append(all, ranked{annotation: a, rank: impact.Low.Rank()})
		}
	}
	for _, cluster := range result.Clusters {
		for _, f := range cluster.Findings {
			level := ""
			switch f.Severity {
			case impact.Critical, impact.High:
				level = "error"
			case impact.Medium, impact.Low:
				level = "warning"
			default:
				continue // what informs is in the report
			}
			a := annotation{level: level, title: fmt.Sprintf("%s (rule %s)", f.Severity, f.Rule), text: f.Title}
			if f.Explanation != "" {
				a.text += "\n" + f.Explanation
			}
			if f.Advice != "" {
				a.text += "\nWhat to do: " + f.Advice
			}
			a.file, a.line, a.text = place(f.Causes, a.text)
			if i, ok := at[a]; ok {
				all[i].clusters = append(all[i].clusters, cluster.Name)
				continue
			}
			at[a] = len(all)
			all = append(all, ranked{a, f.Severity.Rank(), []string{cluster.Name}})
		}
	}
	for i := range all {
		if len(result.Clusters) > 1 && len(all[i].clusters) > 0 {
			all[i].title += " in " + strings.Join(all[i].clusters, ", ")
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(b.rank, a.rank) })
	// Several targets may have the same diagnostic.
	seen := map[annotation]bool{}
	var kept []annotation
	for _, r := range all {
		if !seen[r.annotation] {
			seen[r.annotation] = true
			kept = append(kept, r.annotation)
		}
	}
	return kept
}

// place finds the line to show a finding at. Lines that only base has cannot be shown in a pull request: they are told
// in words.
func place(causes []impact.Cause, text string) (file string, line int, _ string) {
	for _, c := range causes {
		if c.Side != "base" && c.File != "" {
			return c.File, c.Line, text
		}
	}
	for _, c := range causes {
		if c.File != "" {
			return "", 0, fmt.Sprintf("%s\n%s %s: was at %s:%d", text, c.Object, c.Change, c.File, c.Line)
		}
	}
	return "", 0, text
}

package review

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// pointToValues puts the causes that stand in a chart's templates where the change makes them: in the one value file that differs,
// where nothing else of the chart does. There they are among the pull request's lines.
func (c *comparison) pointToValues(findings []impact.Finding, g *group) {
	changed := make(map[string]string) // the value file by the chart's folder; "" where several targets of a chart disagree
	for _, u := range g.head {
		if u.Target.Kind != render.Helm || u.Target.Source != nil {
			continue
		}
		file := c.changedValues(u.Target, g)
		if known, ok := changed[u.Target.Path]; ok && known != file {
			file = ""
		}
		changed[u.Target.Path] = file
	}
	maps.DeleteFunc(changed, func(_, file string) bool { return file == "" })
	if len(changed) == 0 {
		return
	}
	lines := make(map[string][]changedLine)
	for i := range findings {
		f := &findings[i]
		if f.Kind == impact.Hygiene {
			continue // these stand where something looks wrong
		}
		f.Causes = slices.Clone(f.Causes) // others may share them
		for j, cause := range f.Causes {
			for chart, file := range changed {
				if !strings.HasPrefix(cause.File, path.Join(chart, "templates")+"/") {
					continue
				}
				if _, ok := lines[file]; !ok {
					lines[file] = c.changedLines(file)
				}
				at := &f.Causes[j]
				at.File, at.Line, at.Side = file, lineOf(lines[file], cause.Change), "head"
			}
		}
	}
}

// changedValues is the value file that alone differs of a chart and its values; "" if there is none such.
func (c *comparison) changedValues(t render.Target, g *group) string {
	same := func(u *unit) bool { return u.Target.Path == t.Path && u.Target.RendersAs(t) }
	if !slices.ContainsFunc(g.base, same) {
		return ""
	}
	inChart := path.Join(t.Path, "values.yaml")
	var differ []string
	for _, file := range append([]string{inChart}, t.Values...) {
		if !tree.Same(c.base.tree, c.head.tree, file) && !slices.Contains(differ, file) {
			differ = append(differ, file)
		}
	}
	if len(differ) != 1 {
		return ""
	}
	for _, side := range []*state{c.base, c.head} {
		entries, err := side.tree.ReadDir(t.Path)
		if err != nil {
			return ""
		}
		for _, e := range entries {
			at := path.Join(t.Path, e.Name())
			if at != inChart && !slices.Contains(t.Values, at) && !tree.Same(c.base.tree, c.head.tree, at) {
				return ""
			}
		}
	}
	return differ[0]
}

// changedLine is a line of head that base's file does not have.
type changedLine struct {
	number int
	text   string
}

func (c *comparison) changedLines(file string) []changedLine {
	text := func(s *state) []string {
		text, _ := s.tree.ReadFile(file) // what cannot be read has no lines
		return strings.SplitAfter(string(text), "\n")
	}
	before, after := text(c.base), text(c.head)
	first := 0
	for first < min(len(before), len(after)) && before[first] == after[first] {
		first++
	}
	for len(before) > first && len(after) > first && before[len(before)-1] == after[len(after)-1] {
		before, after = before[:len(before)-1], after[:len(after)-1]
	}
	had := make(map[string]int)
	for _, line := range before[first:] {
		had[line]++
	}
	var out []changedLine
	for n, line := range after[first:] {
		if had[line] > 0 {
			had[line]--
		} else {
			out = append(out, changedLine{first + n + 1, line})
		}
	}
	if len(out) == 0 {
		out = append(out, changedLine{number: max(1, min(first+1, len(after)))}) // lines only went
	}
	return out
}

// lineOf is the changed line that has what a change leads to, "8080 → 9090", or else the first one.
func lineOf(changed []changedLine, change string) int {
	if _, now, ok := strings.Cut(change, " → "); ok {
		now, _, _ = strings.Cut(now, ";")
		for _, line := range changed {
			if strings.Contains(line.text, now) {
				return line.number
			}
		}
	}
	return changed[0].number
}

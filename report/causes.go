package report

import (
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

// alike is causes that differ in nothing but the object: the policies of one kind that are added.
type alike struct {
	kind, change string
	causes       []impact.Cause
}

// summariseCauses groups causes by kind and by what happened, in the order in which they come.
func summariseCauses(causes []impact.Cause) []*alike {
	var all []*alike
	at := map[[2]string]*alike{}
	for _, c := range causes {
		kind, _, _ := strings.Cut(c.Object, " ")
		change := c.Change
		if change != "added" && change != "removed" {
			change = "edited"
		}
		key := [2]string{kind, change}
		if at[key] == nil {
			at[key] = &alike{kind: kind, change: change}
			all = append(all, at[key])
		}
		at[key].causes = append(at[key].causes, c)
	}
	return all
}

// words counts them: "13 NetworkPolicies added", "50 Deployments: label tier: backend → be; policy api no longer selects them".
func (a *alike) words(kind impact.Kind) string {
	objects := make(map[string]bool)
	for _, c := range a.causes {
		objects[c.Object] = true // in five clusters it is still one
	}
	many := count(len(objects), clip(a.kind, nameLength))
	what := a.causes[0].What()
	if a.change != "edited" || what == "" || slices.ContainsFunc(a.causes, func(c impact.Cause) bool { return c.What() != what }) {
		if kind == impact.Hygiene && a.change == "edited" && strings.Contains(a.kind, "Policy") {
			return many // what is said of each is no edit
		}
		return many + " " + a.change
	}
	if !strings.HasPrefix(what, "moved ") {
		many += ":"
	}
	// What that does to policies is worded of one object.
	if one, ok := strings.CutSuffix(a.causes[0].Change[len(what):], " it"); ok && !slices.ContainsFunc(a.causes, func(c impact.Cause) bool { return c.Change != a.causes[0].Change }) {
		what += one + " them"
	}
	return many + " " + clip(what, titleLength)
}

// place is the line that all of them have in common, such as a chart's value.
func (a *alike) place() (at impact.Cause, ok bool) {
	at = a.causes[0]
	return at, at.File != "" && !slices.ContainsFunc(a.causes, func(c impact.Cause) bool { return c.File != at.File || c.Line != at.Line || c.Side != at.Side })
}

// folder is the deepest folder that has all of their files; "" if there is none.
func (a *alike) folder() string {
	dir := path.Dir(a.causes[0].File)
	for _, c := range a.causes {
		for dir != "." && dir != "/" && !strings.HasPrefix(c.File, dir+"/") {
			dir = path.Dir(dir)
		}
	}
	if dir == "." || dir == "/" {
		return ""
	}
	return dir
}

// sameThings groups causes by object and change: what five environments have alike stands in five files.
func sameThings(causes []impact.Cause) [][]impact.Cause {
	var out [][]impact.Cause
	at := map[[2]string]int{}
	for _, c := range causes {
		key := [2]string{c.Object, c.Change}
		if i, known := at[key]; known {
			out[i] = append(out[i], c)
			continue
		}
		at[key] = len(out)
		out = append(out, []impact.Cause{c})
	}
	return out
}

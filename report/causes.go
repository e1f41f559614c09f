package report

import (
	"path"
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

// words counts them: "13 NetworkPolicies added".
func (a *alike) words() string {
	return count(len(a.causes), clip(a.kind, nameLength)) + " " + a.change
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

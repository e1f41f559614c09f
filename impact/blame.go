package impact

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/netpol-impact/netpol-impact/impact/cause"
)

// blame names what is behind it in a word: "(blocked by cart-deny-all)".
func (w *words) blame() string {
	if len(w.causes) == 0 {
		return ""
	}
	c := w.causes[0]
	kind, name, _ := strings.Cut(c.Object, " ")
	name = name[strings.LastIndexByte(name, '/')+1:]
	switch {
	case w.key.kept:
		return ""
	case !strings.Contains(kind, "Policy"):
		return fmt.Sprintf(" (%s)", w.changed())
	case c.Change == "added" && w.key.opened:
		return fmt.Sprintf(" (opened by %s)", name)
	case c.Change == "added":
		return fmt.Sprintf(" (blocked by %s)", name+w.alsoBlocking())
	case c.Change == "removed":
		return fmt.Sprintf(" (policy %s removed)", name)
	}
	return fmt.Sprintf(" (policy %s edited)", name)
}

// alsoBlocking names the other policies that come, if each blocks by itself: to take the first one back is not enough.
func (w *words) alsoBlocking() string {
	others := w.causes[1:]
	if w.undo != cause.All || slices.ContainsFunc(others, func(c Cause) bool { return c.Change != "added" }) {
		return ""
	}
	if len(others) > 1 {
		return fmt.Sprintf(" and %d others", len(others))
	}
	return " and " + others[0].Object[strings.LastIndexAny(others[0].Object, " /")+1:]
}

// maxChange is how many characters of what changed a title tells.
const maxChange = 60

// changed is what happened to objects that are no policies: "label tier of Deployment payments: backend → be", "10 Deployments
// moved from namespace shop".
func (w *words) changed() string {
	first := w.causes[0]
	kind, name, _ := strings.Cut(first.Object, " ")
	who, what := kind+" "+name[strings.LastIndexByte(name, '/')+1:], first.What()
	alike := make(map[string]bool)
	for _, c := range w.causes {
		if strings.HasPrefix(c.Object, kind+" ") && c.What() == what {
			alike[c.Object] = true
		}
	}
	if len(alike) > 1 {
		who = plural(len(alike), kind)
	}
	if utf8.RuneCountInString(what) > maxChange || strings.HasPrefix(what, "spec") {
		return who + " changed"
	}
	if subject, rest, ok := strings.Cut(what, ": "); ok {
		return subject + " of " + who + ": " + rest
	}
	return who + " " + what
}

package cause

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// difference words what differs between two values, innermost first ("spec.ingress[0].ports edited"), and tells where it
// is on the side that has it: after, unless nothing of it is there any more.
func difference(before, after *manifest.Node, path string) (string, *manifest.Node) {
	switch {
	case before == nil:
		return path + " added", after
	case after == nil:
		return path + " removed", nil
	case before.Kind == after.Kind && after.Kind == manifest.Map:
		return differenceOfMaps(before, after, path, func(string) bool { return true })
	case before.Kind == after.Kind && after.Kind == manifest.List:
		return differenceOfLists(before, after, path)
	}
	if isShort(before) && isShort(after) {
		return fmt.Sprintf("%s: %s → %s", path, before.Text, after.Text), after
	}
	return path + " edited", after
}

// isShort tells a value that can be shown in full.
func isShort(n *manifest.Node) bool {
	return n.Kind != manifest.Map && n.Kind != manifest.List && n.Text != "" && len(n.Text) <= 40
}

// maxWords bounds how many changed fields are told one by one.
const maxWords = 3

// differenceOfMaps is of those fields that are concerned; the text is "" if these are the same.
func differenceOfMaps(before, after *manifest.Node, path string, concerned func(field string) bool) (string, *manifest.Node) {
	var texts []string
	var at *manifest.Node
	add := func(key *manifest.Node, was, is *manifest.Node) {
		text, where := difference(was, is, path+"."+key.Text)
		texts = append(texts, text)
		if at == nil && where != nil {
			at = where
			if was == nil {
				at = key // a field that is new begins with its key
			}
		}
	}
	for key, value := range after.Fields {
		if was := before.Get(key.Text); concerned(key.Text) && !equal(was, value) {
			add(key, was, value)
		}
	}
	for key, value := range before.Fields {
		if concerned(key.Text) && after.Get(key.Text) == nil {
			add(key, value, nil)
		}
	}
	if at == nil {
		at = after
	}
	if len(texts) > maxWords {
		return path + " edited", at
	}
	return strings.Join(texts, ", "), at
}

func differenceOfLists(before, after *manifest.Node, path string) (string, *manifest.Node) {
	x, y := before.Elements(), after.Elements()
	removed, added := leftOver(x, y)
	element := func(i int) string { return elementOf(path, i) }
	switch {
	case len(removed)+len(added) == 0:
		first := 0
		for equal(&x[first], &y[first]) {
			first++
		}
		return path + " reordered", &y[first]
	case len(removed) > maxWords || len(added) > maxWords || len(added) > 0 && len(removed) > 0 && len(added) != len(removed):
		if len(added) > 0 {
			return path + " edited", &y[added[0]]
		}
		return path + " edited", after
	}
	var texts []string
	at := after
	for n := range max(len(added), len(removed)) {
		text, where := "", (*manifest.Node)(nil)
		switch {
		case len(removed) == 0:
			text, where = element(added[n])+" added", &y[added[n]]
		case len(added) == 0:
			text = element(removed[n]) + " removed"
		default:
			text, where = difference(&x[removed[n]], &y[added[n]], element(added[n]))
		}
		if texts = append(texts, text); n == 0 && where != nil {
			at = where
		}
	}
	return strings.Join(texts, ", "), at
}

func elementOf(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// leftOver are the elements of two lists that have no equal one in the other, by number. Lists that are long and much
// changed are compared in the order in which they are.
func leftOver(x, y []manifest.Node) (removed, added []int) {
	first := 0
	for first < len(x) && first < len(y) && equal(&x[first], &y[first]) {
		first++
	}
	last := 0
	for last < len(x)-first && last < len(y)-first && equal(&x[len(x)-1-last], &y[len(y)-1-last]) {
		last++
	}
	for i := first; i < len(x)-last; i++ {
		removed = append(removed, i)
	}
	for i := first; i < len(y)-last; i++ {
		n := -1
		if len(x)-first-last <= maxCompared {
			n = slices.IndexFunc(removed, func(k int) bool { return equal(&x[k], &y[i]) })
		}
		if n >= 0 {
			removed = slices.Delete(removed, n, n+1)
		} else {
			added = append(added, i)
		}
	}
	return removed, added
}

// maxCompared bounds how many elements are looked for elsewhere in a list.
const maxCompared = 100

// equal tells whether two values are the same, whatever their lines and the order of their fields.
func equal(a, b *manifest.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Items) != len(b.Items) {
		return false
	}
	if a.Kind == manifest.Map {
		for key, value := range a.Fields {
			if !equal(value, b.Get(key.Text)) {
				return false
			}
		}
		return true
	}
	for i := range a.Items {
		if !equal(&a.Items[i], &b.Items[i]) {
			return false
		}
	}
	return true
}

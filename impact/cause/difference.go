package cause

import (
	"fmt"
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
		return differenceOfMaps(before, after, path)
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

func differenceOfMaps(before, after *manifest.Node, path string) (string, *manifest.Node) {
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
		if was := before.Get(key.Text); !equal(was, value) {
			add(key, was, value)
		}
	}
	for key, value := range before.Fields {
		if after.Get(key.Text) == nil {
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
	first := 0
	for first < len(x) && first < len(y) && equal(&x[first], &y[first]) {
		first++
	}
	last := 0
	for last < len(x)-first && last < len(y)-first && equal(&x[len(x)-1-last], &y[len(y)-1-last]) {
		last++
	}
	removed, added := len(x)-first-last, len(y)-first-last
	element := path + "[" + strconv.Itoa(first) + "]"
	switch {
	case removed == 1 && added == 1:
		return difference(&x[first], &y[first], element)
	case removed == 0 && added == 1:
		return element + " added", &y[first]
	case removed == 1 && added == 0:
		return element + " removed", after
	case added > 0:
		return path + " edited", &y[first]
	}
	return path + " edited", after
}

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

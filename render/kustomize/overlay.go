package kustomize

import (
	"slices"
	"strconv"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// An overlay is what a patch holds at one place of an object, or rest further down.
type overlay struct {
	patch *patch
	rest  []string
	node  *manifest.Node
	// key is that of node, where the patch has one.
	key *manifest.Node
	// inLabels tells that the place is a map of labels.
	inLabels bool
}

// fieldsOf goes down to a field of a map.
func fieldsOf(overlays []overlay, key string) []overlay {
	var inside []overlay
	for _, o := range overlays {
		if next, ok := o.field(key); ok {
			inside = append(inside, next)
		}
	}
	return inside
}

func (o overlay) field(key string) (overlay, bool) {
	switch {
	case o.patch.labels && o.inLabels:
		o.key, o.node = entry(o.node, key)
		o.patch = &patch{file: o.patch.file}
	case o.patch.labels:
		o.inLabels = key == "labels" || key == "matchLabels" || key == "selector"
	case len(o.rest) > 0:
		ok := strings.Trim(o.rest[0], "[]") == key || o.rest[0] == "*"
		o.rest = o.rest[1:]
		return o, ok
	case o.patch.computed || o.patch.removes:
		return o, false
	default:
		o.key, o.node = entry(o.node, key)
	}
	return o, o.node != nil
}

// entry is a key of a map with its value; nil if it has none.
func entry(n *manifest.Node, name string) (key, value *manifest.Node) {
	n.Fields(func(k, v *manifest.Node) bool {
		if k.Text == name {
			key, value = k, v
		}
		return value == nil
	})
	return key, value
}

// elementsOf goes down to each element of a list.
func elementsOf(overlays []overlay, got []manifest.Node) [][]overlay {
	inside := make([][]overlay, len(got))
	for _, o := range overlays {
		var matched []*manifest.Node
		if len(o.rest) == 0 {
			matched = matchElements(got, o.node.Elements())
		}
		for i := range got {
			next := o
			switch {
			case o.patch.labels:
			case len(o.rest) > 0:
				if next.rest = o.rest[1:]; !leadsTo(o.rest[0], &got[i], i, len(got)) {
					continue
				}
			case matched[i] == nil || o.patch.computed:
				continue
			default:
				next.node = matched[i]
			}
			inside[i] = append(inside[i], next)
		}
	}
	return inside
}

// leadsTo tells whether a step of a path leads to element i of a list of n: an index, "-" for the last, "*" for all,
// "[name=web]" for those with this field.
func leadsTo(step string, element *manifest.Node, i, n int) bool {
	if key, value, ok := strings.Cut(strings.Trim(step, "[]"), "="); ok && step[0] == '[' {
		field := element.Get(key)
		return field != nil && field.Text == value
	}
	return step == "*" || step == strconv.Itoa(i) || step == "-" && i == n-1
}

// lastWriter finds the last overlay that writes got here; -1 if none does.
func lastWriter(got *manifest.Node, overlays []overlay) int {
	for i, o := range slices.Backward(overlays) {
		if len(o.rest) == 0 && !o.patch.labels && !o.patch.removes &&
			(o.patch.computed || o.node.Kind == got.Kind && o.node.Text == got.Text) {
			return i
		}
	}
	return -1
}

// remover finds the last overlay that takes something out of a map or a list; -1 if none does.
func remover(got, written *manifest.Node, overlays []overlay) int {
	if written == nil || len(written.Items) <= len(got.Items) {
		return -1
	}
	for i, o := range slices.Backward(overlays) {
		if o.patch.removes && len(o.rest) == 1 ||
			len(o.rest) == 0 && !o.patch.computed && !o.patch.labels && removesFrom(o.node, got) {
			return i
		}
	}
	return -1
}

// removesFrom tells whether a strategic patch of a map or a list takes something out of it: by null, by a directive, or, of
// a list that is replaced, by leaving it out.
func removesFrom(patch, got *manifest.Node) bool {
	if patch.Kind == manifest.List && equal(patch, got) {
		return true
	}
	for i, item := range patch.Items {
		switch {
		case patch.Kind == manifest.List && item.Get("$patch") != nil:
			return true
		case patch.Kind == manifest.Map && i%2 == 0 && item.Text == "$patch", patch.Kind == manifest.Map && i%2 == 1 && item.Kind == manifest.Null:
			return true
		}
	}
	return false
}

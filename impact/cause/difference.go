package cause

import (
	"fmt"
	"strconv"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// difference is the innermost value that holds all of the differences of two values: its path, and where it is on the
// side that has it (after, unless it is only before).
func difference(before, after *manifest.Node, path string) (string, *manifest.Node) {
	if before == nil || after == nil || before.Kind != after.Kind {
		if after == nil {
			return path, nil
		}
		return path, after
	}
	switch after.Kind {
	case manifest.Map:
		return differenceOfMaps(before, after, path)
	case manifest.List:
		return differenceOfLists(before, after, path)
	}
	return path, after
}

func differenceOfMaps(before, after *manifest.Node, path string) (string, *manifest.Node) {
	var keys []string
	missing := false
	for key, value := range after.Fields {
		if !equal(before.Get(key.Text), value) {
			keys = append(keys, key.Text)
		}
	}
	for key := range before.Fields {
		missing = missing || after.Get(key.Text) == nil
	}
	if len(keys) != 1 || missing {
		return path, firstChanged(after, keys)
	}
	return difference(before.Get(keys[0]), after.Get(keys[0]), path+"."+keys[0])
}

// firstChanged is the first changed field, which tells a better line than the whole map.
func firstChanged(n *manifest.Node, keys []string) *manifest.Node {
	if len(keys) > 0 {
		for key := range n.Fields {
			if key.Text == keys[0] {
				return key
			}
		}
	}
	return n
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
	switch {
	case len(x)-first-last == 1 && len(y)-first-last == 1:
		return difference(&x[first], &y[first], path+"["+strconv.Itoa(first)+"]")
	case len(y)-first-last == 1 && len(x) == first+last: // one element was added
		return fmt.Sprintf("%s[%d]", path, first), &y[first]
	case first < len(y):
		return path, &y[first]
	}
	return path, after
}

func equal(a, b *manifest.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return string(a.AppendJSON(nil)) == string(b.AppendJSON(nil))
}

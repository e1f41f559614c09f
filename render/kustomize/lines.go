package kustomize

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// copyLines gives every part of got the line of the same part in written. A part that written does not have, or has
// with another value, came from a patch or a transformer: it gets the line of what encloses it, otherwise.
func copyLines(got, written *manifest.Node, otherwise int) {
	got.Line = otherwise
	if written == nil || got.Kind != written.Kind {
		got.SetLines(otherwise)
		return
	}
	switch got.Kind {
	case manifest.Map:
		got.Line = written.Line
		got.Fields(func(key, value *manifest.Node) bool {
			key.Line = got.Line
			var like *manifest.Node
			written.Fields(func(k, v *manifest.Node) bool {
				if k.Text == key.Text {
					key.Line, like = k.Line, v
				}
				return like == nil
			})
			if like == nil {
				value.SetLines(got.Line)
				return true
			}
			// A value that was changed stands nearest to its key.
			copyLines(value, like, key.Line)
			return true
		})
	case manifest.List:
		got.Line = written.Line
		likes := matchElements(got.Items, written.Items)
		for i := range got.Items {
			copyLines(&got.Items[i], likes[i], got.Line)
		}
	default:
		if got.Text == written.Text {
			got.Line = written.Line
		}
	}
}

// matchElements finds the written element of each element of a list: the equal one, or else the one that names the
// same thing, or, where the lists are equally long, the one at its place if they share a field.
func matchElements(got, written []manifest.Node) []*manifest.Node {
	matches := make([]*manifest.Node, len(got))
	taken := make([]bool, len(written))
	pair := func(same func(i, j int) bool) {
		for i := range got {
			for j := 0; j < len(written) && matches[i] == nil; j++ {
				if !taken[j] && same(i, j) {
					matches[i], taken[j] = &written[j], true
				}
			}
		}
	}
	if len(got) == len(written) {
		pair(func(i, j int) bool { return i == j && equal(&got[i], &written[j]) })
	}
	pair(func(i, j int) bool { return equal(&got[i], &written[j]) })
	pair(func(i, j int) bool { return sameName(&got[i], &written[j]) })
	if len(got) == len(written) {
		pair(func(i, j int) bool { return i == j && shareField(&got[i], &written[j]) })
	}
	return matches
}

func equal(a, b *manifest.Node) bool {
	return a.Kind == b.Kind && a.Text == b.Text && slices.EqualFunc(a.Items, b.Items, func(x, y manifest.Node) bool { return equal(&x, &y) })
}

// sameName compares the keys by which Kubernetes merges lists of objects.
func sameName(a, b *manifest.Node) bool {
	for _, key := range []string{"name", "containerPort", "mountPath", "port"} {
		if x, y := a.Get(key), b.Get(key); x != nil && y != nil {
			return equal(x, y)
		}
	}
	return false
}

func shareField(a, b *manifest.Node) bool {
	shared := false
	a.Fields(func(key, value *manifest.Node) bool {
		other := b.Get(key.Text)
		shared = other != nil && equal(value, other)
		return !shared
	})
	return shared
}

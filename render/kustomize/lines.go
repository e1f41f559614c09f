package kustomize

import (
	"slices"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// A place is a line in one of the files of an object.
type place struct {
	line   int
	source uint16
}

// A locator gives the parts of an object their places.
type locator struct{ object *manifest.Object }

// locate gives an object's body the lines of what was written, and to each part that a patch changed those of the patch.
func locate(o *manifest.Object, written *manifest.Node, otherwise int, patches []patch) {
	name := written.Get("metadata", "name").Str()
	var all []overlay
	for i := range patches {
		if p := &patches[i]; p.appliesTo(o, name) {
			all = append(all, overlay{patch: p, rest: p.at, node: p.value})
		}
	}
	l := locator{o}
	l.place(o.Body, written, 0, all, place{line: otherwise})
}

// source is the number of a file among the object's sources.
func (l locator) source(file string) uint16 {
	if file == l.object.Origin.File {
		return 0
	}
	at := slices.Index(l.object.Sources, file)
	if at < 0 {
		at = len(l.object.Sources)
		l.object.Sources = append(l.object.Sources, file)
	}
	return uint16(at + 1)
}

// place gives every part of got its place: that of the same part in written, which is in the file source. A part that
// written does not have, or has with another value, came from a patch or a transformer: it gets the place where the last
// overlay writes it, or else that of what encloses it, otherwise.
func (l locator) place(got, written *manifest.Node, source uint16, overlays []overlay, otherwise place) {
	got.Line, got.Source = otherwise.line, otherwise.source
	if !isSame(got, written) {
		if i := lastWriter(got, overlays); i >= 0 {
			l.take(got, overlays, i)
			return
		}
	}
	if written != nil && got.Kind != written.Kind {
		written = nil
	}
	switch {
	case got.Kind == manifest.Map || got.Kind == manifest.List:
		if written != nil {
			got.Line, got.Source = written.Line, source
		}
		if i := remover(got, written, overlays); i >= 0 {
			got.Line, got.Source = overlays[i].node.LineOr(0), l.source(overlays[i].patch.file)
		}
		l.below(got, written, source, overlays)
	case written != nil && got.Text == written.Text:
		got.Line, got.Source = written.Line, source
	}
}

// isSame tells whether a part stands in written as it is, or can be looked into part by part.
func isSame(got, written *manifest.Node) bool {
	if written == nil || got.Kind != written.Kind {
		return false
	}
	return got.Kind == manifest.Map || got.Kind == manifest.List || got.Text == written.Text
}

// take gives got the place where an overlay writes it; of what it writes, others may have changed a part.
func (l locator) take(got *manifest.Node, overlays []overlay, i int) {
	o := overlays[i]
	at := place{o.node.LineOr(0), l.source(o.patch.file)}
	if o.patch.computed {
		setPlace(got, at)
		return
	}
	l.place(got, o.node, at.source, slices.Delete(slices.Clone(overlays), i, i+1), at)
}

func setPlace(n *manifest.Node, at place) {
	n.Line, n.Source = at.line, at.source
	for i := range n.Items {
		setPlace(&n.Items[i], at)
	}
}

// below places the parts of a map or a list.
func (l locator) below(got, written *manifest.Node, source uint16, overlays []overlay) {
	here := place{got.Line, got.Source}
	if got.Kind == manifest.List {
		likes := matchElements(got.Items, written.Elements())
		inside := elementsOf(overlays, got.Items)
		for i := range got.Items {
			l.place(&got.Items[i], likes[i], source, inside[i], here)
		}
		return
	}
	got.Fields(func(key, value *manifest.Node) bool {
		key.Line, key.Source = here.line, here.source
		own, like := entry(written, key.Text)
		inside := fieldsOf(overlays, key.Text)
		if own != nil {
			key.Line, key.Source = own.Line, source
		}
		// A value that was changed stands nearest to its key.
		l.place(value, like, source, inside, place{key.Line, key.Source})
		if own == nil {
			key.Line, key.Source = value.Line, value.Source
			if i := lastWriter(value, inside); i >= 0 && inside[i].key != nil {
				key.Line = inside[i].key.Line
			}
		}
		return true
	})
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

package manifest

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

// Origin is the place where something was written.
type Origin struct {
	// File is a slash-separated path from the root of its tree.
	File string
	// Line counts from 1; 0 if unknown.
	Line int
}

// Object is one Kubernetes object. Objects are read-only once made, and are shared between the two sides of a
// comparison where their text is the same.
type Object struct {
	// Group is the API group ("" for the core group), Version and Kind the rest of its type.
	Group, Version, Kind string
	// Namespace is empty where the manifest leaves it out.
	Namespace, Name string
	Origin          Origin
	// Sources are other files that parts of the object come from, such as a patch.
	Sources []string
	// Body is the whole object. Its lines are those of the text's first appearance in a [Reader]: ask [Object.At].
	Body *Node

	// moved is how many lines further down than Body says the object stands.
	moved  int
	digest atomic.Uint64
}

// String names the object for people: kind and namespace/name.
func (o *Object) String() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// Key identifies the object within a side: group, kind, namespace, name. The version is no part of it.
func (o *Object) Key() string {
	return o.Group + "/" + o.Kind + "/" + o.Namespace + "/" + o.Name
}

// At returns the origin of a part of the object.
func (o *Object) At(part *Node) Origin {
	if part != nil && part.Source > 0 && int(part.Source) <= len(o.Sources) {
		return Origin{File: o.Sources[part.Source-1], Line: part.Line}
	}
	if line := part.LineOr(0); line > 0 {
		return Origin{File: o.Origin.File, Line: line + o.moved}
	}
	return o.Origin
}

// As is the object as one of another type, with the same contents at the same place.
func (o *Object) As(group, version, kind string) *Object {
	return &Object{
		Group: group, Version: version, Kind: kind, Namespace: o.Namespace, Name: o.Name,
		Origin: o.Origin, Sources: o.Sources, Body: o.Body, moved: o.moved,
	}
}

func (o *Object) move(lines int) {
	o.Origin.Line += lines
	o.moved += lines
}

// SplitAPIVersion splits "apps/v1" into group and version; the core group is "".
func SplitAPIVersion(apiVersion string) (group, version string) {
	if group, version, ok := strings.Cut(apiVersion, "/"); ok {
		return group, version
	}
	return "", apiVersion
}

// Digest is a hash of the object's contents, the same for the same text at other lines.
func (o *Object) Digest() uint64 {
	if known := o.digest.Load(); known != 0 {
		return known
	}
	b := buffers.Get().(*[]byte)
	defer buffers.Put(b)
	*b = o.Body.AppendJSON((*b)[:0])
	sum := xxhash.Sum64(*b)
	o.digest.Store(sum)
	return sum
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

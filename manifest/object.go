package manifest

import (
	"strings"

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
	// Body is the whole object.
	Body *Node
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
	return Origin{File: o.Origin.File, Line: part.LineOr(o.Origin.Line)}
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
	return xxhash.Sum64(o.Body.AppendJSON(nil))
}

// Package manifest turns bytes into Kubernetes objects that know where they were written.
//
// In goes the text of one file (YAML or JSON, any number of documents) or a tree that a renderer has built; out come
// [Object] values, each with the [Origin] of its document and a [Node] tree in which every field knows its line, and a
// [Diagnostic] for every document that could not be read. One broken document never hides its neighbours.
//
// Scalars are typed as the API server's clients type them: YAML 1.1 (a bare y is a boolean) and then JSON. [Decode]
// fills Go structs from a node and refuses what the API server would refuse, with the line of the mistake.
//
// A scanner of our own reads what is commonly written, and go.yaml.in/yaml/v3 everything else; where both could, they give
// the same nodes. A [Reader] parses a text once, however often it comes.
//
// The package knows the shape of objects (apiVersion, kind, metadata, List) and nothing of what a kind means.
package manifest

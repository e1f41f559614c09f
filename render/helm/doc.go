// Package helm renders charts in this process, with the engine of Helm 4. In goes a chart's folder in a tree, with value
// files; out come its objects in the order of their templates, each with the template it was written in and the best
// line that can be found there. Lines of fields are not known.
//
// Both sides of a comparison must differ only by what was changed. So the Kubernetes version and the API versions of
// the cluster are fixed, networking kinds included; time and randomness give the same answer on every render of a
// release; `lookup` finds nothing and no name is resolved.
//
// Hooks that install or upgrade (a migration job and the policy that lets it out) take part like other objects; tests
// and hooks of a deletion do not. NOTES.txt, partials and the definitions in crds/ are no output; what else is in crds/ is. Values are not
// checked against values.schema.json, because a schema may refer to files and addresses.
//
// Nothing is fetched here: a dependency that is not in charts/ and not a folder of the tree is asked of the tree (package
// fetch), and is an error that names it where that does not have it. A
// template that loops for ever goes on after its context has ended; render/sandbox ends the process that it runs in.
package helm

// Package kustomize builds kustomizations in this process, as `kustomize build` does with its default options. In goes
// a folder of a tree; out come its objects in the order that kustomize prints them, each with the file it was written
// in and, for every field that still says what that file says, the line.
//
// Nothing is fetched here and nothing is run: a remote base or file, an exec function or a plugin is an error that names
// the kustomization and its field; only resources that are files elsewhere, folders of other git repositories and charts are
// asked of the tree (package fetch), which may have them. Paths do not leave the tree. Files are read as they are needed, so that a tree which
// records its reads knows what a build depends on. Builds take turns, because kustomize keeps the schema of its merges
// in a global variable.
//
// Charts that a kustomization names (helmCharts, or a generator's file) are rendered by our own Helm code from the tree
// and given to kustomize as resources. A chart that one build reaches with two namespaces is not supported and ends in
// an error.
//
// The package does not bound the time and memory of a build beyond the expansion of YAML aliases, and a build that has
// begun does not notice that its context ends: render/sandbox ends the process that it runs in.
package kustomize

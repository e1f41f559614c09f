// Package render turns a tree of files and a [Target] into Kubernetes objects that know the file and the line they
// were written on.
//
// In go an [io/fs.FS] (a commit, a working folder, memory) and what to render in it: a kustomization, a Helm chart with
// its value files, or plain YAML, with what the object that deploys it makes other ([Changes]). Out come the objects as they would be applied, in the order the tool prints them, and
// diagnostics about single documents that could not be read.
//
// The package starts no program, reaches no network and reads nothing outside the tree. It does not look for targets
// (render/discover does), and it does not yet bound the time and memory of a render: a template that loops for ever
// ends only with its process.
package render

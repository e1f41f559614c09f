// Package render turns a tree of files and a [Target] into Kubernetes objects that know the file and the line they
// were written on.
//
// In go an [io/fs.FS] (a commit, a working folder, memory) and what to render in it: a kustomization, a Helm chart with
// its value files, or plain YAML, with what the object that deploys it makes other ([Changes]). Out come the objects as they would be applied, in the order the tool prints them, and
// diagnostics about single documents that could not be read.
//
// Plain files are parsed in this process, within bounds; kustomize, Helm and substitutions run in a child without rights
// (render/sandbox), within limits of time, memory, files, input and output. Whatever happens there is an error of its
// target alone. Nothing outside the tree is read and nothing is fetched. The package does not look for targets
// (render/discover does).
package render

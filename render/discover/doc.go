// Package discover finds what can be rendered in a tree, and which of it is deployed together.
//
// In go a tree of files and the configuration; out come targets ([Found]: kustomizations that no other one uses, Helm
// charts with their value files, folders of manifests), each with the reason why it was found. [Clusters] then groups
// the targets of both sides into clusters: by the configuration, by an environment's name in the path, else all
// together.
//
// It reads the names of all files, but the contents only of kustomizations and charts, and of those YAML and JSON files
// that belong to neither. It renders nothing: whether a target is sound, its renderer says. What is deployed by other
// tools (helmfile, Flux, Argo CD) is found as the folders and charts that it is made of.
package discover

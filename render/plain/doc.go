// Package plain reads manifests that need no rendering. In goes a folder of a tree, or one file of YAML or JSON; out
// come its objects with file and line, in the order of the paths, and a diagnostic for every document that is broken.
//
// What is no manifest is passed over: hidden folders, documents without apiVersion and kind, the files of build tools
// (kustomizations, charts). A hidden file is read: kubectl and Argo CD apply it like any other. The package renders nothing and judges nothing about an object's contents.
package plain

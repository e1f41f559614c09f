// Package plain reads manifests that need no rendering. In goes a folder of a tree, or one file of YAML or JSON; out
// come its objects with file and line, in the order of the paths, and a diagnostic for every document that is broken.
//
// What is no manifest is passed over: hidden files and folders, documents without apiVersion and kind, the files of
// build tools (kustomizations, charts). The package renders nothing and judges nothing about an object's contents.
package plain

// Package discover finds what can be rendered in a tree, and which of it is deployed together.
//
// In go a tree of files and the configuration; out come targets ([Found]), each with the reason why it was found: what
// the configuration names; else what the objects of Argo CD and Flux and helmfiles deploy, and of the rest the kustomizations that no
// other one uses, Helm charts with their value files, folders of manifests. [Clusters] then groups the targets of both
// sides into clusters: by the configuration, by the destination of an Application or the folder of a Flux tree, by an
// environment's name in the path, else all together. An Application for the cluster that Argo CD itself runs in tells
// nothing, because each environment may well have its own: there the paths decide.
//
// It reads the contents of kustomizations and charts, and those of the other YAML and JSON files as far as it takes to
// see that they hold objects. It renders only what may bring objects of Argo CD and Flux to light; whether a target is
// sound, its renderer says when its turn comes. What other tools deploy is found as the folders and charts that it is made
// of.
package discover

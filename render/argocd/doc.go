// Package argocd turns Argo CD's Applications and ApplicationSets into targets. In goes one object and the tree that it
// was found in; out come the targets that it deploys from this tree, with what Argo CD changes of them, and a diagnostic
// for every part that cannot be rendered, with the reason.
//
// A source is taken to be of this tree if its path is there, whatever its repoURL says: a tree does not know its own
// addresses, and forks and mirrors have others. The root itself counts only if it is a kustomization or a chart.
//
// An ApplicationSet is expanded by its generators list, git (directories and files), matrix and merge, with fasttemplate
// or Go templates. Nothing is asked of a cluster, a code host or a plugin: generators that do are named as not rendered,
// as are plugins, jsonnet, charts from elsewhere and template patches.
package argocd

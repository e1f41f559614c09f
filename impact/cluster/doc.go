// Package cluster derives from one side's objects what the network sees: namespaces, workloads with their labels, ports
// and addresses, and policies in the common form.
//
// Rules of identity follow the project's design: a workload is (kind, namespace, name); a namespace that manifests
// leave out is called default; a namespace without a Namespace object has the label kubernetes.io/metadata.name and
// otherwise unknown labels. Pods that a rendered workload owns are that workload. Completed pods take no part.
package cluster

// Package evidence finds in the manifests of one side why a connection matters: who is configured to use it, whom the
// API server, a route's controller or a monitor connects to, and which workloads are worth protecting.
//
// In go a side's state and the backends of its Services; out come [Dependency] values with file and line. Names are
// resolved as the cluster's name service would resolve them. All of it is inferred: a name in a configuration is no
// proof that anybody connects, and what programs find out at run time, Secrets and addresses are not seen. Prose must
// not look like a dependency, so that a bare word counts as the name of a Service only where something says that it is
// one.
package evidence

// Package impact turns two sets of objects, base and head of one cluster, into findings: which connections the change
// opens and blocks, which workloads come and go, what causes it and how much it matters.
//
// It does no input or output, and its answer is a function of its input alone: the same objects in another order give
// the same findings in the same order.
package impact

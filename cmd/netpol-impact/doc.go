// Netpol-impact tells which network connections a change of Kubernetes manifests blocks or opens, before it is merged.
//
// In goes a command line; out come a report on standard output, errors and progress on standard error, and one of four
// exit codes: 0 clean, 1 the gate failed, 2 usage or configuration, 3 something could not be analysed. The package
// decides nothing by itself: package review does the work, package report the writing.
package main

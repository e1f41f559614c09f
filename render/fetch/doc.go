// Package fetch gets what renders need and the repository lacks, from where the configuration allows: charts of chart
// repositories and of OCI registries, commits of git repositories, and files by their addresses. In goes what is wanted; out come bytes, and for the
// report what they are: a version, an address, a digest.
//
// Renderers run in a process without network. They ask by a name that no file of a tree can have, and a [View] of the
// tree, in the parent, answers ([AskChart], [AskCommit], [AskFile]). What comes is parsed there as far as finding it needs (an index, a
// manifest of a registry), by bounded parsers; archives are handed on as they are, and git's packs unpacked in a
// process of their own.
//
// One run fetches each thing once, so that both sides of a comparison see the same, also where a version is a range or a branch.
// Sizes, numbers, redirects and time are bounded. No credentials are sent and none are looked for; the environment's
// proxy is not used. A host of the inside is asked only if the configuration names it with its port.
package fetch

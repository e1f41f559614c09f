// Package helmfile turns helmfiles (https://helmfile.readthedocs.io) into targets. In goes a helmfile of a tree; out comes
// a chart with its values for each of its releases in each of its environments, with a diagnostic for every part that is
// not followed, with the reason, and the files that were read on the way.
//
// Its templates are executed with the functions of sprig and those of helmfile that need nothing but the tree; programs
// are not run, secrets not decrypted, and what a chart that is not in the tree holds is fetched only when it renders, if the
// configuration allows its repository. What the environment of the process would say is unknown: env
// is empty, and requiredEnv "X" is the symbol ${X}, the same on both sides. Environments that nobody declares are those
// for which there are value files. Patches and transformers of releases are named and not applied.
//
// Hostile templates go on without end: whoever does not trust the tree takes a [Series], which expands in a child process.
package helmfile

// Package sandbox runs a piece of work on untrusted files in a child process of the same program.
//
// In go a tree of files and an order, out come bytes. The child is this program started again: it has an empty
// environment, and before it looks at the order it gives up, for good, the opening of files and sockets and the starting
// of programs. Its only way to the tree is to ask its parent, file by file, over a pipe, so that a tree which records
// its reads records them as it would without a child. [Limits] bound what one piece of work may take; when it reaches
// one, or crashes, or answers nonsense, that is an error of this piece of work alone.
//
// What the operating system enforces is more on Linux (a network namespace, a bound on memory) than on
// macOS and Windows; docs/security.md tells the difference. The package knows neither targets nor objects, and it does
// not judge what the work is: whoever defines it decides what it may do with its tree.
package sandbox

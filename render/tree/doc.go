// Package tree reads the files of one side: a commit in git's object store, a working folder, a single file, memory.
//
// In goes a place; out comes a [Tree], one read-only [io/fs.FS] that behaves the same wherever its files are. Paths are
// slash-separated from the tree's root. Symbolic links are resolved inside the tree, a link that leads out of it is an
// error that names it, and files that git does not hold (submodules, Git LFS) are named when they are read. A
// [Recorder] remembers what was read, so that it can be proved that the other side would read the same.
//
// Commits are read where they are, without a checkout: the names of a folder when it is listed, a file when it is
// opened. What go-git cannot read (SHA-256, reftable, blobs that a partial clone left out) is read through the git
// program, if there is one.
//
// The package never writes to a repository or a working folder and runs no program but git. A commit that is not in the
// clone is a [MissingError], unless [Repository.AllowFetch] lets it be fetched.
package tree

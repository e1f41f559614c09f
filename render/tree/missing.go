package tree

import "fmt"

// MissingError says that a commit is not in the clone.
type MissingError struct {
	// Commit is its name in full.
	Commit string
	// Depth is how many commits deep a shallow clone is; 0 if the clone is not shallow.
	Depth int
	cause error
}

func (e *MissingError) Error() string {
	if e.Depth > 0 {
		return fmt.Sprintf("commit %s is not in this clone, which has a depth of %d; set fetch-depth: 2 (or 0, for the whole history) in actions/checkout, or run git fetch --unshallow%s", e.Commit, e.Depth, e.failure())
	}
	return fmt.Sprintf("commit %s is not in this clone (%v); fetch it first", e.Commit, e.cause)
}

// failure says why it could not be fetched, where that was tried.
func (e *MissingError) failure() string {
	if e.cause == nil || e.cause == errMissing {
		return ""
	}
	return fmt.Sprintf(" (%v)", e.cause)
}

func (e *MissingError) Unwrap() error { return e.cause }

// depth is how many commits lie between HEAD and the cut of a shallow clone, along the first parents; 0 if the clone is
// not shallow.
func (r *Repository) depth() int {
	if len(r.shallow) == 0 {
		return 0
	}
	id, err := r.named("HEAD")
	if err != nil {
		return 1
	}
	look := r.objects.object
	if r.fetches != nil {
		look = r.fetches.look
	}
	for depth := 1; ; depth++ {
		_, text, err := look(id)
		if err != nil {
			return depth
		}
		parents := parseCommit(text).parents
		if r.shallow[id] || len(parents) == 0 {
			return depth
		}
		id = parents[0]
	}
}

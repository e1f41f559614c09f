package tree

import (
	"container/heap"
	"errors"
	"fmt"
)

// MergeBase returns the newest commit that two commits, named in full, both descend from. Where there are several best
// ones, as after criss-cross merges, it is one of them.
func (r *Repository) MergeBase(a, b string) (string, error) {
	id, err := r.mergeBase(a, b)
	if err != nil {
		return "", fmt.Errorf("finding the merge base of %s and %s: %w", a, b, err)
	}
	return id, nil
}

// Which of the two commits a commit is an ancestor of; stale ones are ancestors of a base that is already found.
const (
	ofA = 1 << iota
	ofB
	stale
)

// mergeBase walks back from both commits at once, newest first, as git does (paint_down_to_common in commit-reach.c), so
// that it reads the commits since the base and not the whole history.
func (r *Repository) mergeBase(a, b string) (string, error) {
	w := walk{repository: r, marks: make(map[string]int)}
	if err := errors.Join(w.mark(a, ofA), w.mark(b, ofB)); err != nil {
		return "", err
	}
	var bases []string
	for w.hasFresh() {
		next := heap.Pop(&w.queue).(visit)
		marks := w.marks[next.id]
		if marks&(ofA|ofB) == ofA|ofB {
			if marks&stale == 0 {
				bases = append(bases, next.id)
			}
			marks |= stale
		}
		if r.shallow[next.id] {
			continue
		}
		for _, parent := range next.parents {
			if err := w.mark(parent, marks); err != nil {
				return "", err
			}
		}
	}
	for _, id := range bases {
		if w.marks[id]&stale == 0 {
			return id, nil
		}
	}
	if len(r.shallow) > 0 {
		return "", fmt.Errorf("this clone has a depth of %d and does not reach back to it; set fetch-depth: 0 in actions/checkout, or run git fetch --unshallow", r.depth())
	}
	return "", errors.New("they have no common history; say what to compare with by --base")
}

// A walk visits commits, newest first.
type walk struct {
	repository *Repository
	marks      map[string]int
	queue      queue
}

// mark adds marks to a commit and has it visited again if they are news.
func (w *walk) mark(id string, marks int) error {
	if w.marks[id]&marks == marks {
		return nil
	}
	c, err := w.repository.commit(id)
	if err != nil {
		return err
	}
	w.marks[id] |= marks
	heap.Push(&w.queue, visit{id: id, commit: c})
	return nil
}

// hasFresh tells whether a commit that could still be a base is waiting.
func (w *walk) hasFresh() bool {
	for _, v := range w.queue {
		if w.marks[v.id]&stale == 0 {
			return true
		}
	}
	return false
}

type visit struct {
	id string
	commit
}

type queue []visit

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].when > q[j].when }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(v any)        { *q = append(*q, v.(visit)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

package manifest

import (
	"errors"
	"sync/atomic"
	"unsafe"
)

// The errors of what would take more memory than it is allowed.
var (
	// ErrTooMuch is that of one piece of work, which has an allowance of its own.
	ErrTooMuch = errors.New("the objects take more memory than allowed")
	// ErrTogether is that of all that share one.
	ErrTogether = errors.New("the objects take more memory than is left for them beside what was read before")
)

// An Allowance is how much memory objects may take. Several goroutines may take from it; nil has no end.
type Allowance struct {
	left  atomic.Int64
	most  int64
	whole *Allowance
}

// Allow makes an allowance of so many bytes.
func Allow(bytes int64) *Allowance {
	a := &Allowance{most: bytes}
	a.left.Store(bytes)
	return a
}

// Part makes an allowance of so many bytes for one piece of work. What is taken from it is taken from a, too.
func (a *Allowance) Part(bytes int64) *Allowance {
	part := Allow(bytes)
	part.whole = a
	return part
}

// Take takes so many bytes, or none and returns [ErrTooMuch] or [ErrTogether].
func (a *Allowance) Take(bytes int64) error {
	if a == nil {
		return nil
	}
	if a.left.Add(-bytes) < 0 {
		a.left.Add(bytes)
		return ErrTooMuch
	}
	if a.whole.Take(bytes) != nil {
		a.left.Add(bytes)
		return ErrTogether
	}
	return nil
}

// give gives back a part of what was taken.
func (a *Allowance) give(bytes int64) {
	for ; a != nil; a = a.whole {
		a.left.Add(bytes)
	}
}

// Return gives back all that was taken, because nothing of it is kept.
func (a *Allowance) Return() {
	if a != nil {
		a.give(a.most - a.left.Load())
	}
}

const (
	nodeSize   = int64(unsafe.Sizeof(Node{}))
	objectSize = int64(unsafe.Sizeof(Object{}))
)

// size is the memory of a node and all below it, without their texts.
func (n *Node) size() int64 {
	size := nodeSize
	for i := range n.Items {
		size += n.Items[i].size()
	}
	return size
}

// objects is how many objects a document's root is, with those that are lists of others.
func (n *Node) objects() int64 {
	count := int64(1)
	for _, item := range n.Get("items").Elements() {
		count += item.objects()
	}
	return count
}

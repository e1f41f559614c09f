package manifest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

// A Reader reads the files of one run and parses a text that comes again (on the other side, in another file) only once:
// such objects share their Body, which nobody may change. The zero value works, for several goroutines at once; nil
// works, too, and remembers nothing.
type Reader struct {
	mu    sync.Mutex
	known map[uint64]*parsed // by the text's hash
	size  int
}

// parsed is a document that was read before.
type parsed struct {
	text string
	line int
	root *Node
}

// maxRemembered bounds the bytes of text that a Reader remembers; later documents are parsed each time they come.
const maxRemembered = 1 << 30

// Read returns the objects of a file's text and a diagnostic for each document that is broken, in the order of the
// text. Documents without apiVersion and kind (value files, configuration of other programs) are passed over, but one that
// is an object but for one of the two is broken; the items of a List are objects of their own.
func (r *Reader) Read(file string, text []byte) ([]*Object, []Diagnostic) {
	objects, problems, _ := r.ReadWithin(context.Background(), nil, file, text)
	return objects, problems
}

// ReadWithin reads as [Reader.Read] does, and leaves out the documents that it has not begun when the context is done. An
// error is one of the allowance, of which nothing is given back: what was read is remembered.
func (r *Reader) ReadWithin(ctx context.Context, within *Allowance, file string, text []byte) ([]*Object, []Diagnostic, error) {
	var docs []Document
	for doc := range Documents(text) {
		if ctx.Err() != nil {
			break
		}
		if mayBeObject(doc.Text) {
			docs = append(docs, doc.trimmed())
		}
	}
	objects, problems := make([][]*Object, len(docs)), make([][]Diagnostic, len(docs))
	var refused atomic.Pointer[error]
	inParallel(len(docs), len(text), func(s *scanner, i int) {
		if ctx.Err() != nil || refused.Load() != nil {
			return
		}
		var err error
		if objects[i], problems[i], err = r.read(s, within, file, docs[i]); err != nil {
			refused.CompareAndSwap(nil, &err)
		}
		if docs[i].Lost != "" && len(objects[i]) > 0 {
			problems[i] = append(problems[i], lost(objects[i][0], docs[i]))
		}
	})
	if err := refused.Load(); err != nil {
		return nil, nil, *err
	}
	return flatten(objects), flatten(problems), nil
}

// lost says that an object is in a document that clients do not take.
func lost(o *Object, doc Document) Diagnostic {
	return Diagnostic{Severity: Error, Object: o.String(), File: o.Origin.File, Line: o.Origin.Line, Taken: true, Digest: digest(doc.Text),
		Message: "this document may not get to the cluster: " + doc.Lost}
}

// worthSharing is how much text keeps a second core busy long enough.
const worthSharing = 256 << 10

// inParallel calls work with each number below n, on all cores if there is much to do.
func inParallel(n, size int, work func(s *scanner, i int)) {
	var next atomic.Int64
	run := func() {
		s := scanners.Get().(*scanner)
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			work(s, int(i))
		}
		s.release()
		scanners.Put(s)
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n, 1+size/worthSharing) - 1 {
		others.Go(run)
	}
	run()
	others.Wait()
}

// scanners are kept because a scanner's chunk of nodes is larger than most documents.
var scanners = sync.Pool{New: func() any { return new(scanner) }}

func flatten[T any](parts [][]T) []T {
	n := 0
	for _, part := range parts {
		n += len(part)
	}
	if n == 0 {
		return nil
	}
	all := make([]T, 0, n)
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// read reads one document. The error is one of the allowance.
func (r *Reader) read(s *scanner, within *Allowance, file string, doc Document) ([]*Object, []Diagnostic, error) {
	var p *parsed
	key := uint64(0)
	if r != nil {
		key = xxhash.Sum64(doc.Text)
		p = r.recall(key, doc.Text)
	}
	if p == nil {
		text := string(doc.Text)
		root, err := s.parse(doc, text, within)
		switch {
		case errors.Is(err, ErrTooMuch), errors.Is(err, ErrTogether):
			return nil, nil, err
		case err != nil:
			return nil, broken(file, doc, err), nil
		}
		p = &parsed{text: text, line: doc.Line, root: root}
		if r != nil {
			p = r.remember(key, p)
		}
	}
	// An item of a typed list is given the two fields that it may leave out.
	if err := within.Take(p.root.objects() * (objectSize + 4*nodeSize)); err != nil {
		return nil, nil, err
	}
	objects, problems := FromNode(file, p.root)
	moved := doc.Line - p.line
	for _, o := range objects {
		o.move(moved)
	}
	for i := range problems {
		problems[i].Line += moved
	}
	return objects, problems, nil
}

func (r *Reader) recall(key uint64, text []byte) *parsed {
	r.mu.Lock()
	p := r.known[key]
	r.mu.Unlock()
	if p == nil || p.text != string(text) {
		return nil
	}
	return p
}

// remember keeps a document, and returns the same one as it was read by another goroutine in the meantime.
func (r *Reader) remember(key uint64, p *parsed) *parsed {
	r.mu.Lock()
	defer r.mu.Unlock()
	if before := r.known[key]; before != nil {
		if before.text == p.text {
			return before
		}
		return p // another text with the same hash
	}
	if r.size += len(p.text); r.size > maxRemembered {
		return p
	}
	if r.known == nil {
		r.known = make(map[uint64]*parsed)
	}
	r.known[key] = p
	return p
}

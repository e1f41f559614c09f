package manifest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"
)

// AppendObjects appends objects to b in a form that [ReadObjects] reads back exactly: every kind of value, every line,
// and numbers as they were written. It is for another process of the same program and not for files.
func AppendObjects(b []byte, objects []*Object) []byte {
	b = binary.AppendUvarint(b, uint64(len(objects)))
	for _, o := range objects {
		for _, text := range []string{o.Group, o.Version, o.Kind, o.Namespace, o.Name, o.Origin.File} {
			b = appendText(b, text)
		}
		b = binary.AppendVarint(b, int64(o.Origin.Line))
		b = binary.AppendVarint(b, int64(o.moved))
		b = binary.AppendUvarint(b, uint64(len(o.Sources)))
		for _, file := range o.Sources {
			b = appendText(b, file)
		}
		b = o.Body.append(b)
	}
	return b
}

// AppendDiagnostics is the same for diagnostics.
func AppendDiagnostics(b []byte, diagnostics []Diagnostic) []byte {
	b = binary.AppendUvarint(b, uint64(len(diagnostics)))
	for _, d := range diagnostics {
		for _, text := range []string{string(d.Severity), d.Object, d.File, d.Message} {
			b = appendText(b, text)
		}
		b = binary.AppendVarint(b, int64(d.Line))
		b = binary.AppendUvarint(b, d.Digest)
		b = appendBool(b, d.Unsupported)
	}
	return b
}

// hasSource marks the kind of a node that a source follows.
const hasSource = 0x80

func (n *Node) append(b []byte) []byte {
	if n.Source == 0 {
		b = append(b, byte(n.Kind))
	} else {
		b = binary.AppendUvarint(append(b, byte(n.Kind)|hasSource), uint64(n.Source))
	}
	b = binary.AppendVarint(b, int64(n.Line))
	if n.Kind != List && n.Kind != Map {
		return appendText(b, n.Text)
	}
	b = binary.AppendUvarint(b, uint64(len(n.Items)))
	for i := range n.Items {
		b = n.Items[i].append(b)
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendBool(b []byte, is bool) []byte {
	if is {
		return append(b, 1)
	}
	return append(b, 0)
}

// maxDepth is twice what [FromYAML] lets through.
const maxDepth = 2000

// ReadObjects reads what [AppendObjects] wrote and returns the bytes after it. The text need not be trusted: what it
// makes is taken from an allowance first.
func ReadObjects(text []byte, within *Allowance) (objects []*Object, rest []byte, err error) {
	w := newWire(text, within)
	for range w.count() {
		if w.err != nil {
			return nil, nil, w.err
		}
		w.charge(objectSize + nodeSize)
		o := &Object{Body: new(Node)}
		for _, into := range []*string{&o.Group, &o.Version, &o.Kind, &o.Namespace, &o.Name, &o.Origin.File} {
			*into = w.chars()
		}
		o.Origin.Line, o.moved = w.int(), w.int()
		if files := w.count(); files > 0 {
			w.charge(int64(files) * int64(unsafe.Sizeof("")))
			for range files {
				if w.err != nil {
					return nil, nil, w.err
				}
				o.Sources = append(o.Sources, w.chars())
			}
		}
		w.node(o.Body, 0)
		objects = append(objects, o)
	}
	w.pay()
	return objects, text[len(text)-len(w.text):], w.err
}

// ReadDiagnostics reads what [AppendDiagnostics] wrote, as [ReadObjects] does.
func ReadDiagnostics(text []byte, within *Allowance) (diagnostics []Diagnostic, rest []byte, err error) {
	w := newWire(text, within)
	for range w.count() {
		if w.err != nil {
			return nil, nil, w.err
		}
		w.charge(int64(unsafe.Sizeof(Diagnostic{})))
		var d Diagnostic
		d.Severity = Severity(w.chars())
		for _, into := range []*string{&d.Object, &d.File, &d.Message} {
			*into = w.chars()
		}
		d.Line, d.Digest, d.Unsupported = w.int(), w.uint(), w.byte() == 1
		diagnostics = append(diagnostics, d)
	}
	w.pay()
	return diagnostics, text[len(text)-len(w.text):], w.err
}

// A wire is what is left to read. After an error everything reads as zero.
type wire struct {
	text   string
	within *Allowance
	unpaid int64
	err    error
}

// newWire reads a text that stays in memory as long as anything that is made of it.
func newWire(text []byte, within *Allowance) *wire {
	w := &wire{within: within}
	if w.charge(int64(len(text))); w.err == nil {
		w.text = string(text)
	}
	return w
}

func (w *wire) fail(err error) {
	if w.err == nil {
		w.err = err
	}
	w.text = ""
}

var errCut = errors.New("the objects are cut off or damaged")

func (w *wire) charge(bytes int64) {
	if w.unpaid += bytes; w.unpaid >= muchUnpaid {
		w.pay()
	}
}

// muchUnpaid is how many bytes are made before they are paid for.
const muchUnpaid = 64 << 10

func (w *wire) pay() {
	if err := w.within.Take(w.unpaid); err != nil {
		w.fail(err)
	}
	w.unpaid = 0
}

func (w *wire) byte() byte {
	if w.text == "" {
		w.fail(errCut)
		return 0
	}
	b := w.text[0]
	w.text = w.text[1:]
	return b
}

func (w *wire) uint() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b := w.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	w.fail(errCut)
	return 0
}

func (w *wire) int() int {
	v := w.uint()
	return int(int64(v>>1) ^ -int64(v&1))
}

// count reads how many things follow; each takes a byte at least.
func (w *wire) count() int {
	n := w.uint()
	if n > uint64(len(w.text)) {
		w.fail(errCut)
		return 0
	}
	return int(n)
}

func (w *wire) chars() string {
	n := w.count()
	text := w.text[:n]
	w.text = w.text[n:]
	return text
}

func (w *wire) node(into *Node, depth int) {
	kind := w.byte()
	if kind&hasSource != 0 {
		into.Source = uint16(w.uint())
	}
	into.Kind, into.Line = Kind(kind&^hasSource), w.int()
	switch {
	case into.Kind > Map || depth > maxDepth:
		w.fail(fmt.Errorf("a value of kind %d at depth %d: %w", into.Kind, depth, errCut))
		into.Kind = Null
		return
	case into.Kind != List && into.Kind != Map:
		into.Text = w.chars()
		return
	}
	n := w.count()
	if n == 0 {
		return
	}
	w.charge(int64(n) * nodeSize)
	if w.err != nil {
		return
	}
	if into.Kind == Map && n%2 != 0 {
		w.fail(errCut)
		return
	}
	into.Items = make([]Node, n)
	for i := range into.Items {
		w.node(&into.Items[i], depth+1)
		if into.Kind == Map && i%2 == 0 && into.Items[i].Kind != String {
			w.fail(errCut)
		}
		if w.err != nil {
			return
		}
	}
}

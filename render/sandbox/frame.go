package sandbox

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// A frame is one message between parent and child: a byte that says what it is, the length of its text, and the text.
//
// The parent sends the limits and the order. From then on the child leads: it asks for a path of the tree and waits for the answer,
// as often as it likes, and ends with its own answer in as many parts as it likes and an end, or with a failure.
type frame struct {
	kind byte
	text []byte
}

const (
	frameLimits = 'l' // parent: the limits, as JSON
	frameOrder  = 'w' // parent: what to do
	frameFile   = 'f' // parent: what was asked for
	frameNone   = 'n' // parent: why it cannot be had

	askFile  = 'r' // child: a file's contents
	askNames = 'd' // child: a folder's names
	askStat  = 's' // child: what is at a path
	askSize  = 'z' // child: a file's size

	framePart   = 'a' // child: a part of its answer
	frameEnd    = 'e' // child: the answer is complete
	frameFailed = 'x' // child: there is no answer, and why
	framePanic  = 'p' // child: the same, for a crash
)

// maxFrame bounds what either side takes as one message: a file of a tree has 256 MiB at most.
const maxFrame = 257 << 20

func writeFrame(w *bufio.Writer, kind byte, parts ...[]byte) error {
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	head := [5]byte{kind}
	binary.LittleEndian.PutUint32(head[1:], uint32(length))
	_, err := w.Write(head[:])
	for _, part := range parts {
		if err == nil {
			_, err = w.Write(part)
		}
	}
	if err != nil {
		return err
	}
	return w.Flush()
}

var errLong = errors.New("a message is too long")

// readFrame reads one frame of at most so many bytes.
func readFrame(r *bufio.Reader, most int) (frame, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	length := binary.LittleEndian.Uint32(head[1:])
	if uint64(length) > uint64(most) {
		return frame{}, fmt.Errorf("%w: %d bytes", errLong, length)
	}
	f := frame{kind: head[0], text: make([]byte, length)}
	_, err := io.ReadFull(r, f.text)
	return f, err
}

// The errors of a tree that callers tell apart. Each goes over the pipe as a letter before its text.
var treeErrors = map[byte]error{'e': fs.ErrNotExist, 'i': fs.ErrInvalid, 'p': fs.ErrPermission}

// encodeError keeps an error's text and which of the known ones it is.
func encodeError(err error) []byte {
	for letter, known := range treeErrors {
		if errors.Is(err, known) {
			return append([]byte{letter}, err.Error()...)
		}
	}
	return append([]byte{' '}, err.Error()...)
}

// maxError bounds an error's text: what is quoted in it may be of any size.
const maxError = 2000

func decodeError(text []byte) error {
	if len(text) == 0 {
		return errors.New("an error without a text")
	}
	is := treeErrors[text[0]]
	if text = text[1:]; len(text) > maxError {
		text = append(text[:maxError:maxError], " …"...)
	}
	return &sentError{text: string(text), is: is}
}

// A sentError is an error from the other process.
type sentError struct {
	text string
	is   error
}

func (e *sentError) Error() string { return e.text }
func (e *sentError) Unwrap() error { return e.is }

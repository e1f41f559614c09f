package report

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/netpol-impact/netpol-impact/impact"
)

// The colours of a terminal.
const (
	bold   = "\x1b[1m"
	faint  = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	blue   = "\x1b[34m"
	reset  = "\x1b[0m"
)

var severityColors = map[impact.Severity]string{
	impact.Critical: bold + red, impact.High: red, impact.Medium: yellow, impact.Low: blue, impact.Info: faint,
}

// terminal writes lines of a width, coloured or not.
type terminal struct {
	out   *bufio.Writer
	width int
	color bool
}

func newTerminal(w io.Writer, o Options) *terminal {
	return &terminal{out: bufio.NewWriterSize(w, 1<<16), width: o.width(), color: o.Color}
}

// paint colours a text. Only what is written whole may be coloured: wrapping counts characters.
func (t *terminal) paint(color, s string) string {
	if !t.color || color == "" || s == "" {
		return s
	}
	return color + s + reset
}

// line writes one line as it is.
func (t *terminal) line(s string) { t.out.WriteString(strings.TrimRight(s, " ") + "\n") }

// block writes a text that begins with a label and is wrapped beside it. Only the label and whole lines are coloured.
func (t *terminal) block(indent int, label, labelColor, text, color string) {
	start := strings.Repeat(" ", indent) + label
	left := utf8.RuneCountInString(start)
	for i, line := range wrap(text, t.width-left, isPlace) {
		if i == 0 {
			t.line(strings.Repeat(" ", indent) + t.paint(labelColor, label) + t.paint(color, line))
			continue
		}
		t.line(strings.Repeat(" ", left) + t.paint(color, line))
	}
}

// plainMarkup writes words as a terminal may see them.
type plainMarkup struct{}

func (plainMarkup) name(s string) string { return clean(s) }
func (plainMarkup) text(s string) string { return clean(s) }

func (plainMarkup) line(side, file string, line int, _ bool) string {
	where := clean(file)
	if line > 0 {
		where += fmt.Sprintf(":%d", line)
	}
	if side == "base" {
		where += " at base"
	}
	return where
}

// place is a file with a line, as terminals make links of it.
var place = regexp.MustCompile(`^\(?[^\s,]+:\d+[,.)]*$`)

// isPlace tells a file with a line, which stays whole.
func isPlace(word string) bool { return place.MatchString(word) }

// wrap breaks a text into lines of a width, between words where it can. What is to be kept is longer than a line, if need be.
func wrap(s string, width int, keep func(word string) bool) []string {
	width = max(width, 10)
	var lines []string
	line, used := "", 0
	for _, word := range strings.Split(s, " ") {
		n := utf8.RuneCountInString(word)
		if line != "" && used+1+n > width {
			lines = append(lines, line)
			line, used = "", 0
		}
		if line != "" {
			line, used = line+" ", used+1
		}
		for used == 0 && n > width && !(keep != nil && keep(word)) {
			head, tail := breakWord(word, width)
			lines = append(lines, head)
			word, n = tail, utf8.RuneCountInString(tail)
		}
		line, used = line+word, used+n
	}
	return append(lines, line)
}

// breakWord breaks a word that is too long for a line, after a slash or a dash if one is near its end.
func breakWord(word string, width int) (head, tail string) {
	runes := []rune(word)
	at := width
	for i := width; i > width/2; i-- {
		if r := runes[i-1]; r == '/' || r == '-' || r == ',' {
			at = i
			break
		}
	}
	return string(runes[:at]), string(runes[at:])
}

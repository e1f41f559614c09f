package pullrequest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/sethvargo/go-githubactions"
)

// The platform's limits for one step.
const (
	maxSummary     = 1 << 20
	maxAnnotations = 10 // of each level
)

// step writes to the job that runs us: log lines, annotations, outputs, the summary. Whatever text it is given, nothing
// else comes of it.
type step struct {
	log                     io.Writer
	outputFile, summaryFile string
	random                  io.Reader
}

// say prints to the log, line by line.
func (s step) say(format string, args ...any) {
	for text := range strings.Lines(fmt.Sprintf(format, args...)) {
		fmt.Fprintln(s.log, logLine(strings.TrimSuffix(text, "\n")))
	}
}

// fold prints text under a title that opens it.
func (s step) fold(title, text string) {
	s.command(githubactions.Command{Name: "group", Message: visible(title)})
	s.say("%s", text)
	s.command(githubactions.Command{Name: "endgroup"})
}

func (s step) command(c githubactions.Command) { fmt.Fprintln(s.log, c.String()) }

// logLine makes text safe as one line of a job's log. The runner takes a line for a command if it begins, after white
// space, with "::", or has "##[" anywhere (ActionCommand.cs of actions/runner).
func logLine(text string) string {
	text = visible(text)
	if strings.HasPrefix(strings.TrimSpace(text), "::") {
		text = "| " + text
	}
	return text
}

// visible replaces the characters that a reader does not see or that move the others: control characters, ends of lines,
// what reverses the direction of writing, and what has no width. It also breaks the old form of commands, "##[".
func visible(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.Is(unicode.C, r), r == '\u2028', r == '\u2029', r == unicode.ReplacementChar:
			return '\uFFFD'
		}
		return r
	}, text)
	return strings.ReplaceAll(text, "##[", "# #[")
}

// output is a named value that later steps can read.
type output struct{ name, value string }

// outputs writes values in the form name<<delimiter. A delimiter that nobody can guess keeps a value from ending early and
// setting another one.
func (s step) outputs(values []output) error {
	if s.outputFile == "" {
		return nil
	}
	var text bytes.Buffer
	for _, v := range values {
		var random [16]byte
		if _, err := io.ReadFull(s.random, random[:]); err != nil {
			return fmt.Errorf("writing outputs: %w", err)
		}
		delimiter := "end-" + hex.EncodeToString(random[:])
		if strings.Contains(v.value, delimiter) {
			return fmt.Errorf("writing output %s: its value has the delimiter", v.name)
		}
		fmt.Fprintf(&text, "%s<<%s\n%s\n%s\n", v.name, delimiter, v.value, delimiter)
	}
	return appendFile(s.outputFile, text.Bytes())
}

// summary adds markdown to the step's summary, and cuts what goes beyond the platform's limit at the end of a line.
func (s step) summary(markdown []byte) error {
	if s.summaryFile == "" {
		return nil
	}
	used := 0
	if info, err := os.Stat(s.summaryFile); err == nil {
		used = int(info.Size())
	}
	return appendFile(s.summaryFile, cut(markdown, maxSummary-used))
}

const cutNote = "\n\n*Cut here: the platform shows no more than 1 MiB. The JSON, HTML and SARIF reports have everything.*\n"

func cut(text []byte, room int) []byte {
	if len(text) <= room {
		return text
	}
	room -= len(cutNote)
	if room <= 0 {
		return nil
	}
	end := bytes.LastIndexByte(text[:room], '\n')
	if end < 0 {
		return nil
	}
	return append(bytes.Clone(text[:end]), cutNote...)
}

func appendFile(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		_ = f.Close() // the write's error says more
		return err
	}
	return f.Close()
}

// annotation is a remark at a line of a file.
type annotation struct {
	// level is error, warning or notice.
	level       string
	file        string
	line        int
	title, text string
}

// annotate shows the worst annotations, which come first, as many as the platform does, and returns how many it left out.
func (s step) annotate(annotations []annotation) (left int) {
	shown := map[string]int{}
	for _, a := range annotations {
		if shown[a.level] == maxAnnotations {
			left++
			continue
		}
		shown[a.level]++
		properties := githubactions.CommandProperties{"title": visible(a.title)}
		if a.file != "" {
			properties["file"] = visible(a.file)
			if a.line > 0 {
				properties["line"] = fmt.Sprint(a.line)
			}
		}
		lines := slices.Collect(strings.Lines(a.text))
		for i, text := range lines {
			lines[i] = visible(strings.TrimSuffix(text, "\n"))
		}
		s.command(githubactions.Command{Name: a.level, Message: strings.Join(lines, "\n"), Properties: properties})
	}
	return left
}

package report

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

// Format is a way to write a result.
type Format string

// The formats.
const (
	FormatText     Format = "text"
	FormatMarkdown Format = "markdown"
	FormatJSON     Format = "json"
	// FormatSARIF is for the result of a comparison only.
	FormatSARIF Format = "sarif"
)

// formats are all formats, with the endings of their files.
var formats = []struct {
	format  Format
	endings []string
}{
	{FormatText, []string{".txt"}},
	{FormatMarkdown, []string{".md", ".markdown"}},
	{FormatJSON, []string{".json"}},
	{FormatSARIF, []string{".sarif"}},
}

// Formats returns the names of all formats.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = string(f.format)
	}
	return names
}

// ParseFormat returns the format of that name.
func ParseFormat(name string) (Format, error) {
	for _, f := range formats {
		if string(f.format) == name {
			return f.format, nil
		}
	}
	return "", fmt.Errorf("unknown format %q: choose one of %s", name, strings.Join(Formats(), ", "))
}

// ForFile returns the format that an output file's ending asks for.
func ForFile(name string) (Format, error) {
	ending := strings.ToLower(path.Ext(strings.ReplaceAll(name, `\`, "/")))
	var known []string
	for _, f := range formats {
		for _, e := range f.endings {
			if e == ending {
				return f.format, nil
			}
		}
		known = append(known, fmt.Sprintf("%s (%s)", f.format, strings.Join(f.endings, ", ")))
	}
	return "", fmt.Errorf("output file %q: no format has the ending %q: the formats are %s", name, ending, strings.Join(known, ", "))
}

// Write writes a result in the format.
func (f Format) Write(w io.Writer, r *impact.Result, o Options) error {
	switch f {
	case FormatText:
		return Text(w, r, o)
	case FormatMarkdown:
		return Markdown(w, r, o)
	case FormatJSON:
		return JSON(w, r)
	case FormatSARIF:
		return SARIF(w, r)
	}
	_, err := ParseFormat(string(f))
	return err
}

// WriteList writes a listing in the format. Pairs says that every row of it is one source and one destination.
func (f Format) WriteList(w io.Writer, l *impact.Listing, pairs bool, o Options) error {
	switch f {
	case FormatText:
		return ListText(w, l, o)
	case FormatMarkdown:
		return ListMarkdown(w, l, o)
	case FormatJSON:
		return ListJSON(w, l, pairs)
	case FormatSARIF:
		return errors.New("the format sarif is for findings, which a listing has none of: choose text, markdown or json")
	}
	_, err := ParseFormat(string(f))
	return err
}

package report

import (
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
	FormatCSV      Format = "csv"
	FormatHTML     Format = "html"
	// These are for the result of a comparison only.
	FormatSARIF Format = "sarif"
	FormatJUnit Format = "junit"
	// These are for what one state allows only.
	FormatMatrix  Format = "matrix"
	FormatMermaid Format = "mermaid"
	FormatDOT     Format = "dot"
	// This is for what becomes of promises only.
	FormatTAP Format = "tap"
)

// A written is what a format may be of.
type written uint8

const (
	ofResult written = 1 << iota
	ofListing
	ofPolicies
	ofChecked
	ofExplained
)

// formats are all formats, what they may be of, and the endings of their files.
var formats = []struct {
	format  Format
	of      written
	endings []string
}{
	{FormatText, ofResult | ofListing | ofPolicies | ofChecked | ofExplained, []string{".txt"}},
	{FormatMarkdown, ofResult | ofListing | ofPolicies, []string{".md", ".markdown"}},
	{FormatJSON, ofResult | ofListing | ofChecked | ofExplained, []string{".json"}},
	{FormatSARIF, ofResult, []string{".sarif"}},
	{FormatHTML, ofResult | ofPolicies, []string{".html", ".htm"}},
	{FormatJUnit, ofResult | ofChecked, []string{".xml"}},
	{FormatCSV, ofResult | ofListing, []string{".csv"}},
	{FormatMatrix, ofListing, nil},
	{FormatMermaid, ofListing, []string{".mmd", ".mermaid"}},
	{FormatDOT, ofListing, []string{".dot", ".gv"}},
	{FormatTAP, ofChecked, []string{".tap"}},
}

// A Set is the formats that one command's answer can be written in.
type Set struct{ of written }

// The sets of formats, by what is written.
var (
	ForResult    = Set{ofResult}
	ForListing   = Set{ofListing}
	ForPolicies  = Set{ofPolicies}
	ForChecked   = Set{ofChecked}
	ForExplained = Set{ofExplained}
)

// Names returns the names of the formats.
func (s Set) Names() []string {
	var names []string
	for _, f := range formats {
		if f.of&s.of != 0 {
			names = append(names, string(f.format))
		}
	}
	return names
}

// Parse returns the format of that name.
func (s Set) Parse(name string) (Format, error) {
	for _, f := range formats {
		if string(f.format) == name && f.of&s.of != 0 {
			return f.format, nil
		}
	}
	return "", fmt.Errorf("unknown format %q: choose one of %s", name, strings.Join(s.Names(), ", "))
}

// ParseFormat returns the format of a comparison's result of that name.
func ParseFormat(name string) (Format, error) { return ForResult.Parse(name) }

// ForFile returns the format that an output file's ending asks for.
func (s Set) ForFile(name string) (Format, error) {
	ending := strings.ToLower(path.Ext(strings.ReplaceAll(name, `\`, "/")))
	var known []string
	for _, f := range formats {
		if f.of&s.of == 0 || len(f.endings) == 0 {
			continue
		}
		for _, e := range f.endings {
			if e == ending {
				return f.format, nil
			}
		}
		known = append(known, fmt.Sprintf("%s (%s)", f.format, strings.Join(f.endings, ", ")))
	}
	return "", fmt.Errorf("output file %q: no format has the ending %q: the formats are %s", name, ending, strings.Join(known, ", "))
}

// NeedsPairs tells whether a format is about exact pairs, so that they have to be asked for.
func (f Format) NeedsPairs() bool { return f == FormatCSV }

// Graph tells whether the format shows impact.Cluster.Before and After.
func (f Format) Graph() bool { return f == FormatHTML }

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
	case FormatJUnit:
		return JUnit(w, r)
	case FormatCSV:
		return CSV(w, r)
	case FormatHTML:
		return HTML(w, r, o)
	}
	_, err := ForResult.Parse(string(f))
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
	case FormatCSV:
		return ListCSV(w, l)
	case FormatMatrix:
		return ListMatrix(w, l, o)
	case FormatMermaid:
		return ListMermaid(w, l, o.By)
	case FormatDOT:
		return ListDOT(w, l, o.By)
	}
	_, err := ForListing.Parse(string(f))
	return err
}

// WritePolicies writes policies in plain words in the format.
func (f Format) WritePolicies(w io.Writer, h *impact.Handbook, o Options) error {
	switch f {
	case FormatText:
		return PoliciesText(w, h, o)
	case FormatMarkdown:
		return PoliciesMarkdown(w, h, o)
	case FormatHTML:
		return PoliciesHTML(w, h, o)
	}
	_, err := ForPolicies.Parse(string(f))
	return err
}

// WriteChecked writes what becomes of promises in the format. Passes says that the test does.
func (f Format) WriteChecked(w io.Writer, c *impact.Checked, passes bool, o Options) error {
	switch f {
	case FormatText:
		return CheckedText(w, c, o)
	case FormatJSON:
		return CheckedJSON(w, c, passes)
	case FormatJUnit:
		return CheckedJUnit(w, c)
	case FormatTAP:
		return CheckedTAP(w, c)
	}
	_, err := ForChecked.Parse(string(f))
	return err
}

// WriteExplained writes why a connection is allowed or denied in the format.
func (f Format) WriteExplained(w io.Writer, x *impact.Explained) error {
	switch f {
	case FormatText:
		return ExplainText(w, x)
	case FormatJSON:
		return ExplainJSON(w, x)
	}
	_, err := ForExplained.Parse(string(f))
	return err
}

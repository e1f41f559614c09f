package report

import (
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

const (
	// alikeFrom is from how many places on the same message is told once, with the places.
	alikeFrom = 3
	// placesShown bounds these places in a comment.
	placesShown = 10
)

// saying is what diagnostics say with one message: twelve policies of an old version are one.
type saying []manifest.Diagnostic

// sayings gathers diagnostics with the same message where they are many, in the order in which they come.
func sayings(list []manifest.Diagnostic) []saying {
	times := make(map[string]int)
	for _, d := range list {
		times[d.Message]++
	}
	var out []saying
	at := make(map[string]int)
	for _, d := range list {
		i, known := at[d.Message]
		if known && times[d.Message] >= alikeFrom {
			out[i] = append(out[i], d)
			continue
		}
		at[d.Message] = len(out)
		out = append(out, saying{d})
	}
	return out
}

// words tell it in a format's markup.
func (s saying) words(m markup) string {
	if len(s) == 1 {
		return diagnosticWords(m, s[0])
	}
	return m.text(clip(s[0].Message, proseLength)) + ": " + strings.Join(s.places(m, placesShown), ", ")
}

// places are where and what it is about, up to so many.
func (s saying) places(m markup, most int) []string {
	shown := s
	if len(s) > most+1 {
		shown = s[:most]
	}
	var out []string
	for _, d := range shown {
		words := ""
		if d.Object != "" && d.Object != d.File {
			words = m.name(clip(d.Object, titleLength))
		}
		switch {
		case d.File == "":
		case words == "":
			words = m.line("head", d.File, d.Line, false)
		default:
			words += " (" + m.line("head", d.File, d.Line, false) + ")"
		}
		if words != "" && !slices.Contains(out, words) {
			out = append(out, words)
		}
	}
	if left := len(s) - len(shown); left > 0 {
		out = append(out, "and "+number(left)+" more")
	}
	return out
}

// diagnosticWords tells a diagnostic in a format's markup.
func diagnosticWords(m markup, d manifest.Diagnostic) string {
	var b strings.Builder
	if d.File != "" {
		b.WriteString(m.line("head", d.File, d.Line, true) + ": ")
	}
	if d.Object != "" && d.Object != d.File {
		b.WriteString(m.name(clip(d.Object, titleLength)) + ": ")
	}
	b.WriteString(m.text(clip(d.Message, proseLength)))
	return b.String()
}

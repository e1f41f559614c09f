package report

import (
	"bufio"
	"fmt"
	"io"

	"github.com/netpol-impact/netpol-impact/impact"
)

// besideShown is how many of the policies that govern the same workloads are named.
const besideShown = 6

// PoliciesText writes policies in plain words for a terminal.
func PoliciesText(w io.Writer, h *impact.Handbook, o Options) error {
	t := &textReport{terminal: newTerminal(w, o), overview: summarise(&impact.Result{Diagnostics: h.Diagnostics})}
	t.diagnostics(t.broken, count(len(t.broken), "thing")+" could not be analysed, so policies may be missing here", red)
	t.diagnostics(t.warned, count(len(t.warned), "warning")+" about the manifests", yellow)
	if len(t.broken)+len(t.warned) > 0 {
		t.line("")
	}
	if len(h.Policies) == 0 {
		t.line("No policies.")
	}
	book := newPhrasebook(plainMarkup{}, nil)
	for i := range h.Policies {
		p := &h.Policies[i]
		if i > 0 {
			t.line("")
		}
		t.block(0, "", "", clean(p.Object)+", "+plainMarkup{}.line("", p.File, p.Line, true), bold)
		for _, sentence := range policySentences(book, p) {
			t.block(2, "- ", faint, sentence, "")
		}
	}
	t.diagnostics(t.notes, count(len(t.notes), "note")+" on the analysis", faint)
	return t.out.Flush()
}

// PoliciesMarkdown writes policies in plain words as a page to be published, whole whatever its length.
func PoliciesMarkdown(w io.Writer, h *impact.Handbook, o Options) error {
	m := &comment{options: o, overview: summarise(&impact.Result{Diagnostics: h.Diagnostics})}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# Network policies\n\n%s. What no policy isolates in a direction may connect with anything in it.\n", count(len(h.Policies), "policy"))
	for _, list := range []struct {
		title string
		n     int
	}{{"could not be analysed, so policies may be missing here", len(m.broken)}, {"may not mean what their authors think", len(m.warned)}} {
		if list.n > 0 {
			fmt.Fprintf(out, "\n**%s %s:**\n\n", count(list.n, "thing"), list.title)
			for _, d := range append(m.broken, m.warned...) {
				if (d.Severity == "error") == (list.title[0] == 'c') {
					fmt.Fprintf(out, "- %s\n", m.diagnostic(d))
				}
			}
		}
	}
	book := newPhrasebook(m, nil)
	for i := range h.Policies {
		p := &h.Policies[i]
		if i == 0 || p.Namespace != h.Policies[i-1].Namespace {
			title := "The whole cluster"
			if p.Namespace != "" {
				title = "Namespace " + m.text(clip(p.Namespace, nameLength))
			}
			fmt.Fprintf(out, "\n## %s\n", title)
		}
		fmt.Fprintf(out, "\n### %s\n\n%s\n\n", m.text(clip(p.Object, titleLength)), m.line("head", p.File, p.Line, true))
		for _, sentence := range policySentences(book, p) {
			fmt.Fprintf(out, "- %s\n", sentence)
		}
	}
	return out.Flush()
}

// policySentences are a policy's words, each escaped.
func policySentences(book phrasebook, p *impact.PlainPolicy) []string {
	selects := "Selects " + book.markup.text(p.Selects)
	switch {
	case len(p.Workloads) > 0:
		peers := make([]impact.Peer, len(p.Workloads))
		for i := range p.Workloads {
			peers[i].Workload = &p.Workloads[i]
		}
		selects += ": " + count(len(p.Workloads), "workload") + " (" + book.peers(peers) + ")."
	default:
		selects += ": no workload of these manifests."
	}
	out := []string{selects}
	for _, sentence := range p.Does {
		out = append(out, book.markup.text(sentence))
	}
	if n := len(p.Beside); n > 0 {
		shown := p.Beside
		if n > besideShown+1 {
			shown = shown[:besideShown]
		}
		names := book.names(shown)
		if n > len(shown) {
			names = append(names, number(n-len(shown))+" more")
		}
		out = append(out, "Governs some of the same workloads as "+and(names)+".")
	}
	return out
}

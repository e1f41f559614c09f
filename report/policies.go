package report

import (
	"bufio"
	"fmt"
	"io"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
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
	m := &comment{options: o}
	page := newPolicyPage(m, h)
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# %s\n\n%s\n", page.Title, page.Lead)
	for _, list := range page.Problems {
		fmt.Fprintf(out, "\n**%s:**\n\n", list.Title)
		for _, problem := range list.Lines {
			fmt.Fprintf(out, "- %s\n", problem)
		}
	}
	for _, s := range page.Sections {
		fmt.Fprintf(out, "\n## %s\n", s.Title)
		for _, p := range s.Policies {
			fmt.Fprintf(out, "\n### %s\n\n%s\n\n", p.Object, p.Place)
			for _, sentence := range p.Sentences {
				fmt.Fprintf(out, "- %s\n", sentence)
			}
		}
	}
	return out.Flush()
}

// policyPage is what a page of policies tells, each word of it already in its format's markup.
type (
	policyPage struct {
		Title, Lead string
		Problems    []policyProblems
		Sections    []policySection
	}
	policyProblems struct {
		Title string
		Lines []string
	}
	// policySection is the policies of one namespace, or those of none.
	policySection struct {
		Title    string
		Policies []policyWords
	}
	policyWords struct {
		Object, Place string
		Sentences     []string
	}
)

func newPolicyPage(m markup, h *impact.Handbook) policyPage {
	page := policyPage{
		Title: "Network policies",
		Lead:  count(len(h.Policies), "policy") + ". What no policy isolates in a direction may connect with anything in it.",
	}
	all := summarise(&impact.Result{Diagnostics: h.Diagnostics})
	for _, list := range []struct {
		title       string
		diagnostics []manifest.Diagnostic
	}{{"could not be analysed, so policies may be missing here", all.broken}, {"may not mean what their authors think", all.warned}} {
		if n := len(list.diagnostics); n > 0 {
			problems := policyProblems{Title: count(n, "thing") + " " + list.title}
			for _, d := range list.diagnostics {
				problems.Lines = append(problems.Lines, diagnosticWords(m, d))
			}
			page.Problems = append(page.Problems, problems)
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
			page.Sections = append(page.Sections, policySection{Title: title})
		}
		section := &page.Sections[len(page.Sections)-1]
		section.Policies = append(section.Policies, policyWords{
			m.text(clip(p.Object, titleLength)), m.line("head", p.File, p.Line, true), policySentences(book, p),
		})
	}
	return page
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

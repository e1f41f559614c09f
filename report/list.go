package report

import (
	"fmt"
	"io"

	"github.com/netpol-impact/netpol-impact/impact"
)

// ListText writes what is allowed as a table for a terminal, one row a group of connections.
func ListText(w io.Writer, l *impact.Listing, o Options) error {
	t := &textReport{terminal: newTerminal(w, o), overview: summarise(&impact.Result{Diagnostics: l.Diagnostics})}
	t.diagnostics(t.broken, count(len(t.broken), "thing")+" could not be analysed, so this list may be wrong", red)
	t.diagnostics(t.warned, count(len(t.warned), "warning")+" about the manifests", yellow)
	if len(t.broken)+len(t.warned) > 0 {
		t.line("")
	}
	if len(l.Connections) == 0 {
		t.line("No connections.")
	} else {
		t.table(l.Connections)
	}
	t.diagnostics(t.notes, count(len(t.notes), "note")+" on the analysis", faint)
	return t.out.Flush()
}

func (t *textReport) table(connections []impact.Allowed) {
	book := newPhrasebook(plainMarkup{}, nil)
	header := [3]string{"FROM", "TO", "PORTS"}
	table := columns{most: t.width}
	table.measure(header)
	for i := range connections {
		table.measure(listRow(book, &connections[i]))
	}
	table.settle()
	table.write(t.terminal, 0, header)
	for i := range connections {
		table.write(t.terminal, 0, listRow(book, &connections[i]))
	}
}

func listRow(book phrasebook, a *impact.Allowed) [3]string {
	ports := book.markup.text(portWords(a.Ports))
	if a.Confidence == impact.Approximate {
		ports += " (approximate)"
	}
	return [3]string{book.peers(a.Sources), book.peers(a.Destinations), ports}
}

// ListMarkdown writes what is allowed as a table in markdown, below Options.Limit bytes.
func ListMarkdown(w io.Writer, l *impact.Listing, o Options) error {
	m := &comment{options: o, overview: summarise(&impact.Result{Diagnostics: l.Diagnostics})}
	m.page.add(text(rankVerdict, fmt.Sprintf("**Allowed: %s**\n", count(len(l.Connections), "connection group"))))
	m.addProblems()
	book := newPhrasebook(m, nil)
	m.page.add(part{
		rank: rankTables, head: "\n| From | To | Ports |\n| :-- | :-- | :-- |\n",
		rows: len(l.Connections), unit: "connection group",
		row: func(i int) string {
			row := listRow(book, &l.Connections[i])
			return fmt.Sprintf("| %s | %s | %s |\n", row[0], row[1], row[2])
		},
	})
	m.addNotes()
	return m.page.write(w, o.limit(), escape(o.rest()))
}

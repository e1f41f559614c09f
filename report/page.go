package report

import (
	"io"
	"slices"
	"strings"
)

// page lays out a report that must stay below a number of bytes. Its parts are written in their order, but space is
// given out by their rank, so that what a reader needs first is kept whole before details get any. A part is cut
// between rows only, and its foot is always written, so that nothing stays open.
type page struct {
	parts []part
}

type part struct {
	rank int
	// head and foot enclose the rows; a part without rows is its head alone.
	head, foot string
	rows       int
	row        func(i int) string
	// most bounds the rows that are written whatever space there is; 0 does not.
	most int
	// unit names the rows: what is left out is counted by it.
	unit string
	// insists: if there is no space for a row, it is said in the part's place how many there are.
	insists bool
}

func (p *page) add(parts ...part) { p.parts = append(p.parts, parts...) }

// text is a part that is kept whole or left out.
func text(rank int, s string) part { return part{rank: rank, head: s} }

// filled is a part with the rows that it was given space for.
type filled struct {
	written bool
	// counted: space is kept for the number of the rows.
	counted bool
	rows    []string
}

// write writes what fits below the limit. Rest says in words where what is left out can be found.
func (p *page) write(w io.Writer, limit int, rest string) error {
	fills, whole := p.fill(limit)
	if !whole {
		// The note on what is missing needs space itself.
		fills, _ = p.fill(limit - len(leftOut(p.parts, make([]filled, len(p.parts)), rest)))
	}
	var b strings.Builder
	for i, part := range p.parts {
		if !fills[i].written {
			if fills[i].counted {
				b.WriteString(part.more(part.rows))
			}
			continue
		}
		b.WriteString(part.head)
		for _, row := range fills[i].rows {
			b.WriteString(row)
		}
		if n := part.rows - len(fills[i].rows); n > 0 {
			b.WriteString(part.more(n))
		}
		b.WriteString(part.foot)
	}
	if !whole {
		b.WriteString(leftOut(p.parts, fills, rest))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p part) more(n int) string { return "\n… and " + count(n, "more "+p.unit) + "\n" }

// fill gives out space, and tells whether there was enough.
func (p *page) fill(limit int) ([]filled, bool) {
	order := make([]int, len(p.parts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return p.parts[a].rank - p.parts[b].rank })
	fills, whole := make([]filled, len(p.parts)), true
	for i, part := range p.parts {
		if n := len(part.more(part.rows)); part.insists && n < limit/20 {
			fills[i].counted = true
			limit -= n
		}
	}
	for _, i := range order {
		part := &p.parts[i]
		if fills[i].counted {
			limit += len(part.more(part.rows))
		}
		space := limit - len(part.head) - len(part.foot)
		if part.rows > 0 {
			space -= len(part.more(part.rows))
		}
		for n := range part.rows {
			row := part.row(n)
			if len(row) > space || part.most > 0 && n == part.most {
				break
			}
			space -= len(row)
			fills[i].rows = append(fills[i].rows, row)
		}
		whole = whole && len(fills[i].rows) == part.rows && space >= 0
		if space < 0 || part.rows > 0 && len(fills[i].rows) == 0 {
			fills[i].rows = nil
			if fills[i].counted {
				limit -= len(part.more(part.rows))
			}
			continue
		}
		fills[i].written = true
		if len(fills[i].rows) == part.rows && part.rows > 0 {
			space += len(part.more(part.rows))
		}
		limit = space
	}
	return fills, whole
}

// leftOut says how much of what is missing, and where it is. It is longest when everything is.
func leftOut(parts []part, fills []filled, rest string) string {
	var units []string
	left := map[string]int{}
	for i, part := range parts {
		n := part.rows - len(fills[i].rows)
		if n <= 0 {
			continue
		}
		if left[part.unit] == 0 {
			units = append(units, part.unit)
		}
		left[part.unit] += n
	}
	words := make([]string, len(units))
	for i, unit := range units {
		words[i] = count(left[unit], unit)
	}
	if len(words) == 0 {
		words = []string{"some details"}
	}
	return "\n**Shortened to fit:** " + and(words) + " are not shown here; the counts above include them. All of it is in " + rest + ".\n"
}

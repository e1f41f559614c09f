// Package realprogram is for the tests that hold a renderer to the real program: it keeps a row for every comparison and
// prints them as a table. It starts no program itself.
package realprogram

import (
	"fmt"
	"io"
	"sync"
	"testing"
	"text/tabwriter"
)

// A Table has a row for each thing that was compared. The zero value is empty.
type Table struct {
	mu   sync.Mutex
	rows []row
}

type row struct {
	name              string
	documents, length int
	result            string
}

// What a comparison came to.
const (
	equal   = "equal"
	differs = "DIFFERS"
	refused = "both refuse"
)

// Add notes a comparison: how many documents of how many bytes in all the real program printed. It comes after the
// comparison; where t has failed, the two differ.
func (t *Table) Add(test *testing.T, name string, documents, length int) {
	result := equal
	if test.Failed() {
		result = differs
	}
	t.add(row{name, documents, length, result})
}

// Refused notes that neither renders it.
func (t *Table) Refused(name string) { t.add(row{name: name, result: refused}) }

// Apart notes what differs on purpose, and why.
func (t *Table) Apart(name, why string) { t.add(row{name: name, result: "apart: " + why}) }

func (t *Table) add(r row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
}

// Print writes the table, and under it how many rows came to what.
func (t *Table) Print(w io.Writer, title string) {
	fmt.Fprintf(w, "%s\n", title)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "NAME\tDOCUMENTS\tBYTES\tRESULT")
	count := make(map[string]int)
	for _, r := range t.rows {
		fmt.Fprintf(out, "%s\t%d\t%d\t%s\n", r.name, r.documents, r.length, r.result)
		count[r.result]++
	}
	_ = out.Flush() // a test's standard output
	apart := len(t.rows) - count[equal] - count[differs] - count[refused]
	fmt.Fprintf(w, "%d equal, %d differ, %d refused by both, %d apart on purpose\n", count[equal], count[differs], count[refused], apart)
}

package review

import (
	"cmp"
	"slices"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// settle joins both sides' diagnostics into the result's. What stands unchanged on both sides is no fault of the change:
// its errors become warnings, its warnings information. What only base has is mended or gone at head; it is told only
// where it was an error, as a warning, because what it concerned is compared as if base had not had it; the removal of
// what is sound but not analysed remains an error. Everything else stays as it is.
func settle(base, head []manifest.Diagnostic) []manifest.Diagnostic {
	var settled []manifest.Diagnostic
	before := make(map[manifest.Diagnostic]bool)
	for _, d := range base {
		before[identity(d)] = true
	}
	after := make(map[manifest.Diagnostic]bool)
	edited := make(map[manifest.Diagnostic]bool)
	for _, d := range head {
		after[identity(d)] = true
		edited[subject(d)] = true
		if d.Digest != 0 && before[identity(d)] {
			switch d.Severity {
			case manifest.Error:
				d.Severity = manifest.Warning
				if d.Taken {
					d.Message += " (the same on both sides)"
				} else {
					d.Message += " (the same on both sides: not analysed on either)"
				}
			case manifest.Warning:
				d.Severity = manifest.Info
			}
		}
		settled = append(settled, d)
	}
	for _, d := range base {
		if d.Severity != manifest.Error || after[identity(d)] {
			continue
		}
		if d.Unsupported {
			if !edited[subject(d)] {
				d.Message = "removed by this change: " + d.Message
				settled = append(settled, d)
			}
			continue
		}
		d.Severity = manifest.Warning
		if d.Taken {
			d.Message = "only on the base side: " + d.Message
		} else {
			d.Message = "only on the base side, where it is not analysed: " + d.Message
		}
		settled = append(settled, d)
	}
	return tidy(settled)
}

// identity is a diagnostic without its line, which moves when something above it changes.
func identity(d manifest.Diagnostic) manifest.Diagnostic {
	d.Line = 0
	return d
}

// subject is what a diagnostic says of an object, wherever it stands and whatever is in it.
func subject(d manifest.Diagnostic) manifest.Diagnostic {
	d.File, d.Line, d.Digest = "", 0, 0
	return d
}

// tidy sorts diagnostics, the worst first, and keeps each once.
func tidy(ds []manifest.Diagnostic) []manifest.Diagnostic {
	rank := map[manifest.Severity]int{manifest.Error: 0, manifest.Warning: 1, manifest.Info: 2}
	slices.SortStableFunc(ds, func(a, b manifest.Diagnostic) int {
		return cmp.Or(
			cmp.Compare(rank[a.Severity], rank[b.Severity]),
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Object, b.Object),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(ds, func(a, b manifest.Diagnostic) bool {
		a.Digest, b.Digest = 0, 0
		return a == b
	})
}

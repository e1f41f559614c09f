// Package waiver accepts findings. In go the findings and the configuration's waivers; out come the same findings, those
// that a waiver accepts marked with it, and a word about every waiver that does not hold or accepts nothing. What an
// acceptance means for the gate is the gate's business.
package waiver

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Apply marks the findings that a waiver accepts; the first that fits one counts. File is where the waivers stand.
func Apply(clusters []impact.Cluster, waivers []config.Waiver, file string, now time.Time) []manifest.Diagnostic {
	var all []manifest.Diagnostic
	var unused []config.Waiver
	for _, w := range waivers {
		matches := 0
		for i := range clusters {
			for j := range clusters[i].Findings {
				f := &clusters[i].Findings[j]
				if !fits(w, clusters[i].Name, f) {
					continue
				}
				matches++
				if f.Accepted == nil && !w.Expired(now) {
					f.Accepted = &impact.Acceptance{Reason: w.Reason, Author: w.Author, Until: w.Until}
					f.Title = "Accepted: " + f.Title
					f.Explanation = strings.TrimSpace(fmt.Sprintf("%s Accepted by %s until %s: %s", f.Explanation, w.Author, w.Until, w.Reason))
				}
			}
		}
		d := manifest.Diagnostic{Object: "waiver of " + name(w), File: file, Line: w.Line}
		switch {
		case w.Expired(now):
			d.Severity = manifest.Warning
			d.Message = fmt.Sprintf("this waiver has expired (its last day was %s); it would accept %d findings of this change. Renew or remove it", w.Until, matches)
			all = append(all, d)
		case matches == 0:
			unused = append(unused, w)
		}
	}
	if len(unused) > 0 {
		all = append(all, unusedNote(unused, file))
	}
	return all
}

// unusedNote tells in one note of all waivers that accept nothing: most are of changes that have been merged.
func unusedNote(unused []config.Waiver, file string) manifest.Diagnostic {
	names := make([]string, len(unused))
	for i, w := range unused {
		names[i] = fmt.Sprintf("%s (line %d)", name(w), w.Line)
	}
	d := manifest.Diagnostic{Severity: manifest.Info, Object: "waivers", File: file, Line: unused[0].Line,
		Message: fmt.Sprintf("%d waivers accept no finding of this change: %s", len(unused), strings.Join(names, ", "))}
	if len(unused) == 1 {
		d.Object, d.Message = "waiver of "+name(unused[0]), "this waiver accepts no finding of this change"
	}
	return d
}

func name(w config.Waiver) string {
	if w.Fingerprint != "" {
		return w.Fingerprint
	}
	return w.Rule + " for " + w.Workload
}

func fits(w config.Waiver, cluster string, f *impact.Finding) bool {
	switch {
	case w.Cluster != "" && w.Cluster != cluster:
		return false
	case w.Fingerprint != "":
		return w.Fingerprint == f.Fingerprint
	case w.Rule != f.Rule:
		return false
	}
	return f.Within(func(namespace, name string) bool {
		ok, err := path.Match(w.Workload, namespace+"/"+name)
		return err == nil && ok
	})
}

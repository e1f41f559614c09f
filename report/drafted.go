package report

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

// Drafts writes promises as a file to be edited by hand; those that are not kept today as comments. Drafted are those of
// each cluster; where there is one cluster only, its name is left out.
func Drafts(w io.Writer, clusters []string, drafted [][]impact.Draft) error {
	var b strings.Builder
	b.WriteString("# Written by netpol-impact test --generate from what the manifests declare; edit it by hand.\npromises:\n")
	drafts := 0
	for i, cluster := range clusters {
		only := ""
		if len(clusters) > 1 {
			only = cluster
		}
		for k := range drafted[i] {
			drafts++
			writeDraft(&b, &drafted[i][k], only)
		}
	}
	if drafts == 0 {
		b.WriteString("# The manifests declare no dependency of one workload on another.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeDraft(b *strings.Builder, d *impact.Draft, cluster string) {
	comment, name := "", d.Name
	if !d.Kept {
		comment = "# "
		b.WriteString("# Not kept today:\n")
	}
	if cluster != "" {
		name += " in " + cluster
	}
	line := func(format string, args ...any) { fmt.Fprintf(b, comment+format+"\n", args...) }
	line("- name: %s", quoted(name))
	line("  expect: %s", d.Expect)
	switch {
	case len(d.From) == 1 && d.From[0].Workloads:
		line("  from: workloads")
	default:
		line("  from:")
		for i, e := range d.From {
			line("  - %s # %s", quoted(e.Workload[0]), clean(d.Because[i]))
		}
	}
	to := "dns"
	if !d.To[0].DNS {
		to = quoted(d.To[0].Workload[0])
	}
	line("  to: %s", to)
	if len(d.Ports) > 0 {
		line("  ports: [%s]", strings.Join(d.Ports, ", "))
	}
	if cluster != "" {
		line("  clusters: [%s]", quoted(cluster))
	}
}

var plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9./-]*( [A-Za-z0-9(][A-Za-z0-9./,()-]*)*$`)

// quoted is a text as YAML takes it; of names that are none in a cluster, too.
func quoted(text string) string {
	if plainWord.MatchString(text) && strings.Contains(text, "/") {
		return text
	}
	asJSON, err := json.Marshal(text)
	if err != nil { // a string always can be
		return `""`
	}
	return string(asJSON)
}

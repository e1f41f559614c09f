package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// CSV writes every changed pair, one row each, exactly: the clusters' Changes must have been asked for.
func CSV(w io.Writer, r *impact.Result) error {
	out := newTable(w, "cluster", "source", "destination", "opened", "blocked")
	for i := range r.Clusters {
		c := &r.Clusters[i]
		for j := range c.Changes {
			change := &c.Changes[j]
			out.row(c.Name, peerCell(change.Source), peerCell(change.Destination), portsCell(change.Opened), portsCell(change.Blocked))
		}
	}
	return out.end()
}

// ListCSV writes every allowed pair, one row each.
func ListCSV(w io.Writer, l *impact.Listing) error {
	out := newTable(w, "source", "destination", "ports", "confidence")
	for i := range l.Connections {
		c := &l.Connections[i]
		ports := portsCell(c.Ports)
		destinations := make([]string, len(c.Destinations))
		for j, d := range c.Destinations {
			destinations[j] = peerCell(d)
		}
		for _, s := range c.Sources {
			source := peerCell(s)
			for j, d := range c.Destinations {
				if !isLoop(s, d) {
					out.row(source, destinations[j], ports, string(c.Confidence))
				}
			}
		}
	}
	return out.end()
}

// isLoop tells whether a pair is one pod with itself, which nothing can block.
func isLoop(source, destination impact.Peer) bool {
	return source.Workload != nil && source.Workload.Kind == "Pod" && destination.Workload != nil && *source.Workload == *destination.Workload
}

// sheet writes rows that no spreadsheet takes for formulas.
type sheet struct {
	out *csv.Writer
	err error
}

func newTable(w io.Writer, header ...string) *sheet {
	s := &sheet{out: csv.NewWriter(w)}
	s.err = s.out.Write(header)
	return s
}

func (s *sheet) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = inert(clean(cell))
	}
	if err := s.out.Write(cells); err != nil && s.err == nil {
		s.err = err
	}
}

func (s *sheet) end() error {
	s.out.Flush()
	if s.err != nil {
		return s.err
	}
	return s.out.Error()
}

// inert keeps a cell from being a formula (owasp.org/www-community/attacks/CSV_Injection): names come from untrusted
// manifests.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@|%\t\r＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}

// peerCell is a peer in the way that explain reads workloads and addresses.
func peerCell(p impact.Peer) string {
	switch {
	case p.Workload != nil:
		return p.Workload.Kind + "/" + p.Workload.Namespace + "/" + p.Workload.Name
	case p.External != nil:
		words := make([]string, len(p.External.CIDRs))
		for i, c := range p.External.CIDRs {
			words[i] = c.String()
		}
		return strings.Join(words, " ")
	}
	return p.String()
}

// portsCell is ports for programs: "TCP/80 TCP/8080-8090 UDP/53 ICMP/8".
func portsCell(ranges []policy.PortRange) string {
	words := make([]string, 0, len(ranges))
	for _, p := range portsJSON(ranges) {
		word := p.Protocol
		if p.From != nil {
			word += "/" + strconv.Itoa(*p.From)
			if *p.To != *p.From {
				word += "-" + strconv.Itoa(*p.To)
			}
		}
		for _, n := range []*int{p.Type, p.Code} {
			if n != nil {
				word += "/" + strconv.Itoa(*n)
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

package pullrequest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// The bounds of a result that a stranger hands in. Real ones of large repositories are far below.
const (
	maxResult   = 16 << 20
	maxMembers  = 20_000 // of any list
	maxPhrase   = 4_096  // bytes of any text
	maxClusters = 500
)

func readBounded(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, maxResult+1))
	if err == nil && len(text) > maxResult {
		err = fmt.Errorf("it has more than %d bytes", maxResult)
	}
	return text, err
}

// readResult reads a result from the JSON that the program writes. Nobody vouches for it: a field that is unknown to the
// format's later versions is passed over, and what is out of bounds or not one of the format's words is refused.
func readResult(text []byte) (*impact.Result, error) {
	var in struct {
		Schema     string
		Base, Head string
		Clusters   []handedCluster
		Gate       struct {
			Conclusion string
			Reasons    []string
		}
		Diagnostics []manifest.Diagnostic
	}
	if err := bounded(text); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, err
	}
	if in.Schema != resultSchema {
		return nil, fmt.Errorf("its schema is %q, not %q", in.Schema, resultSchema)
	}
	if len(in.Clusters) > maxClusters {
		return nil, fmt.Errorf("it has more than %d clusters", maxClusters)
	}
	out := &impact.Result{Base: in.Base, Head: in.Head, Diagnostics: in.Diagnostics,
		Gate: impact.Gate{Pass: in.Gate.Conclusion == "pass", Reasons: in.Gate.Reasons}}
	for _, d := range in.Diagnostics {
		if d.Severity != manifest.Error && d.Severity != manifest.Warning && d.Severity != manifest.Info {
			return nil, fmt.Errorf("a diagnostic has the unknown severity %q", d.Severity)
		}
	}
	for _, c := range in.Clusters {
		cluster, err := c.cluster()
		if err != nil {
			return nil, err
		}
		out.Clusters = append(out.Clusters, cluster)
	}
	return out, nil
}

const resultSchema = "netpol-impact/diff/v1"

// known tells whether a finding has the words that the reports are made for.
func known(f impact.Finding) error {
	if f.Severity.Rank() < 0 {
		return fmt.Errorf("a finding has the unknown severity %q", f.Severity)
	}
	switch f.Kind {
	case impact.Opened, impact.Blocked, impact.Workload, impact.Path, impact.Hygiene, impact.Promise, impact.Waiver:
	default:
		return fmt.Errorf("a finding has the unknown kind %q", f.Kind)
	}
	if f.Undo != "" && f.Undo != cause.Any && f.Undo != cause.All {
		return fmt.Errorf("a finding's causes have the unknown effect %q", f.Undo)
	}
	if f.Confidence != impact.Exact && f.Confidence != impact.Approximate {
		return fmt.Errorf("a finding has the unknown confidence %q", f.Confidence)
	}
	for _, c := range f.Causes {
		if c.Side != "" && c.Side != "base" && c.Side != "head" {
			return fmt.Errorf("a cause has the unknown side %q", c.Side)
		}
	}
	return nil
}

// What is handed over is the JSON report, but for the rows of --expand, which no comment shows.
type (
	handedCluster struct {
		Name        string
		Targets     []string
		Untouched   bool
		CNI         string
		Counts      impact.Counts
		Findings    []handedFinding
		BlastRadius []impact.Radius
		// RadiiUnasked goes by another name there.
		RadiiUnasked int `json:"blastRadiusUnasked"`
		Supposed     []struct {
			If             string
			Findings, Gone []handedFinding
		}
	}
	handedFinding struct {
		ID, Rule            string
		Severity            impact.Severity
		Confidence          impact.Confidence
		Kind                impact.Kind
		Narrowed            bool
		Title               string
		Explanation, Advice string
		Fingerprint         string
		Connections         []handedConnection
		Causes              []impact.Cause
		Undo                cause.Undo
		Evidence            []impact.Evidence
		Accepted            *impact.Acceptance
	}
	handedConnection struct {
		Sources, Destinations []handedPeer
		Ports                 []handedPort
		Count                 int
	}
	handedPort struct {
		Protocol   string
		From, To   int
		Type, Code *int
	}
	handedPeer struct {
		Workload  *impact.WorkloadID
		External  *struct{ CIDRs []netip.Prefix }
		Potential *impact.Potential
		Name      string
	}
)

func (h handedCluster) cluster() (impact.Cluster, error) {
	c := impact.Cluster{Name: h.Name, Targets: h.Targets, Untouched: h.Untouched, CNI: h.CNI, Counts: h.Counts, BlastRadius: h.BlastRadius, RadiiUnasked: h.RadiiUnasked}
	var err error
	if c.Findings, err = findings(h.Findings); err != nil {
		return c, err
	}
	for _, from := range h.Supposed {
		s := impact.Supposed{If: from.If}
		if s.Findings, err = findings(from.Findings); err != nil {
			return c, err
		}
		if s.Gone, err = findings(from.Gone); err != nil {
			return c, err
		}
		c.Supposed = append(c.Supposed, s)
	}
	return c, nil
}

func findings(handed []handedFinding) ([]impact.Finding, error) {
	var all []impact.Finding
	for _, h := range handed {
		f := impact.Finding{ID: h.ID, Rule: h.Rule, Severity: h.Severity, Confidence: h.Confidence, Kind: h.Kind, Narrowed: h.Narrowed, Title: h.Title,
			Explanation: h.Explanation, Advice: h.Advice, Fingerprint: h.Fingerprint, Causes: h.Causes, Undo: h.Undo, Evidence: h.Evidence, Accepted: h.Accepted}
		if err := known(f); err != nil {
			return nil, err
		}
		for _, from := range h.Connections {
			connection, err := from.connection()
			if err != nil {
				return nil, err
			}
			f.Connections = append(f.Connections, connection)
		}
		all = append(all, f)
	}
	return all, nil
}

func (h handedConnection) connection() (impact.Connection, error) {
	c := impact.Connection{Count: max(h.Count, 0)}
	var err error
	if c.Sources, err = peers(h.Sources); err != nil {
		return c, err
	}
	if c.Destinations, err = peers(h.Destinations); err != nil {
		return c, err
	}
	for _, p := range h.Ports {
		r, err := p.ports()
		if err != nil {
			return c, err
		}
		c.Ports = append(c.Ports, r)
	}
	return c, nil
}

// ports are the range that a port of the report is, or the messages of ICMP.
func (p handedPort) ports() (policy.PortRange, error) {
	r := policy.PortRange{Protocol: policy.Protocol(p.Protocol), From: p.From, To: p.To}
	if r.Protocol == policy.ICMP || r.Protocol == policy.ICMPv6 {
		r.From, r.To = 0, 65535
		for _, n := range []*int{p.Type, p.Code} {
			if n != nil && (*n < 0 || *n > 255) {
				return r, fmt.Errorf("%d is no type or code of %s", *n, r.Protocol)
			}
		}
		if p.Type != nil {
			r.From, r.To = *p.Type<<8, *p.Type<<8|255
		}
		if p.Type != nil && p.Code != nil {
			r.From |= *p.Code
			r.To = r.From
		}
	}
	if r.From < 0 || r.To < r.From || r.To > 65535 {
		return r, fmt.Errorf("ports from %d to %d are none", r.From, r.To)
	}
	return r, nil
}

func peers(handed []handedPeer) ([]impact.Peer, error) {
	var all []impact.Peer
	for _, h := range handed {
		p := impact.Peer{Workload: h.Workload, Potential: h.Potential, Name: h.Name}
		set := 0
		for _, is := range []bool{h.Workload != nil, h.External != nil, h.Potential != nil, h.Name != ""} {
			if is {
				set++
			}
		}
		if set != 1 {
			return nil, errors.New("a peer is not exactly one of workload, external, potential and name")
		}
		if h.External != nil {
			for _, c := range h.External.CIDRs {
				if !c.IsValid() {
					return nil, errors.New("an address block is none")
				}
			}
			p.External = &impact.External{CIDRs: h.External.CIDRs}
		}
		all = append(all, p)
	}
	return all, nil
}

// bounded checks a text's size, the length of its lists and of its phrases, and its depth, before anything is made of it.
func bounded(text []byte) error {
	if len(text) > maxResult {
		return fmt.Errorf("it has more than %d bytes", maxResult)
	}
	const maxDepth = 16
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	members := []int{0}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		members[len(members)-1]++
		if members[len(members)-1] > maxMembers {
			return fmt.Errorf("a list has more than %d members", maxMembers)
		}
		switch token := token.(type) {
		case string:
			if len(token) > maxPhrase {
				return fmt.Errorf("a text has more than %d bytes", maxPhrase)
			}
		case json.Delim:
			if token == '[' || token == '{' {
				members = append(members, 0)
			} else {
				members = members[:len(members)-1]
			}
			if len(members) > maxDepth {
				return errors.New("it is nested too deeply")
			}
		}
	}
}

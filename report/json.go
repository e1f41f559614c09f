package report

import (
	"bufio"
	"encoding/json"
	"io"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// The schemas of the machine formats. Keys are only ever added to a version.
const (
	diffSchema = "netpol-impact/diff/v1"
	listSchema = "netpol-impact/list/v1"
	testSchema = "netpol-impact/test/v1"

	explainSchema = "netpol-impact/explain/v1"
)

// JSON writes the result for programs, complete. Each finding and each change is on a line of its own.
func JSON(w io.Writer, r *impact.Result) error {
	j := newJSON(w)
	j.open('{')
	j.field("schema", diffSchema)
	j.field("base", r.Base)
	j.field("head", r.Head)
	j.key("clusters")
	j.open('[')
	for i := range r.Clusters {
		j.cluster(&r.Clusters[i])
	}
	j.close(']')
	conclusion := "fail"
	if r.Gate.Pass {
		conclusion = "pass"
	}
	j.field("gate", jsonGate{conclusion, orEmpty(r.Gate.Reasons)})
	j.diagnostics(r.Diagnostics)
	j.close('}')
	return j.end()
}

func (j *jsonWriter) cluster(c *impact.Cluster) {
	j.item()
	j.open('{')
	j.field("name", c.Name)
	j.field("targets", orEmpty(c.Targets))
	if c.Untouched {
		j.field("untouched", true)
	}
	if c.CNI != "" {
		j.field("cni", c.CNI)
	}
	j.field("counts", jsonCounts(c.Counts))
	j.key("findings")
	j.open('[')
	for i := range c.Findings {
		j.value(findingJSON(&c.Findings[i]))
	}
	j.close(']')
	if len(c.BlastRadius) > 0 {
		j.key("blastRadius")
		j.open('[')
		for _, r := range c.BlastRadius {
			j.value(jsonRadius{jsonWorkload(r.Workload), r.Before, r.After})
		}
		j.close(']')
	}
	if c.RadiiUnasked > 0 {
		j.field("blastRadiusUnasked", c.RadiiUnasked)
	}
	if c.Changes != nil {
		j.key("changes")
		j.open('[')
		for i := range c.Changes {
			j.value(changeJSON(&c.Changes[i]))
		}
		j.close(']')
	}
	if c.Supposed != nil {
		j.key("supposed")
		j.open('[')
		for _, s := range c.Supposed {
			j.value(jsonSupposed{s.If, findingsJSON(s.Findings), findingsJSON(s.Gone)})
		}
		j.close(']')
	}
	j.close('}')
}

func findingsJSON(list []impact.Finding) []jsonFinding {
	out := make([]jsonFinding, len(list))
	for i := range list {
		out[i] = findingJSON(&list[i])
	}
	return out
}

// ListJSON writes a listing for programs. Pairs says that every row is one source and one destination, and is written so.
func ListJSON(w io.Writer, l *impact.Listing, pairs bool) error {
	j := newJSON(w)
	j.open('{')
	j.field("schema", listSchema)
	j.field("cni", l.CNI)
	j.key("connections")
	j.open('[')
	for i := range l.Connections {
		row := &l.Connections[i]
		ports := portsJSON(row.Ports)
		if !pairs {
			j.value(jsonAllowed{peersJSON(row.Sources), peersJSON(row.Destinations), ports, string(row.Confidence)})
			continue
		}
		for _, source := range row.Sources {
			for _, destination := range row.Destinations {
				j.value(jsonPair{peerJSON(source), peerJSON(destination), ports, string(row.Confidence)})
			}
		}
	}
	j.close(']')
	j.diagnostics(l.Diagnostics)
	j.close('}')
	return j.end()
}

func findingJSON(f *impact.Finding) jsonFinding {
	out := wordsJSON(f)
	out.Connections = make([]jsonConnection, len(f.Connections))
	for i, c := range f.Connections {
		out.Connections[i] = jsonConnection{peersJSON(c.Sources), peersJSON(c.Destinations), portsJSON(c.Ports), c.Count}
	}
	out.Causes = make([]jsonCause, len(f.Causes))
	for i, c := range f.Causes {
		out.Causes[i] = causeJSON(c)
	}
	out.Evidence = make([]jsonEvidence, len(f.Evidence))
	for i, e := range f.Evidence {
		out.Evidence[i] = jsonEvidence(e)
	}
	return out
}

// wordsJSON is a finding without its lists.
func wordsJSON(f *impact.Finding) jsonFinding {
	var accepted *jsonAcceptance
	if f.Accepted != nil {
		one := jsonAcceptance(*f.Accepted)
		accepted = &one
	}
	return jsonFinding{
		ID: f.ID, Rule: f.Rule, Severity: string(f.Severity), Confidence: string(f.Confidence), Kind: string(f.Kind),
		Narrowed: f.Narrowed, Title: f.Title, Explanation: f.Explanation, Advice: f.Advice,
		Undo: string(f.Undo), Fingerprint: f.Fingerprint, Accepted: accepted,
	}
}

func causeJSON(c impact.Cause) jsonCause {
	return jsonCause{c.Object, c.File, c.Line, c.Side, c.Change}
}

func diagnosticJSON(d manifest.Diagnostic) jsonDiagnostic {
	return jsonDiagnostic{string(d.Severity), d.Object, d.File, d.Line, d.Message}
}

func changeJSON(c *impact.Change) jsonChange {
	return jsonChange{peerJSON(c.Source), peerJSON(c.Destination), portsJSON(c.Opened), portsJSON(c.Blocked)}
}

func peersJSON(peers []impact.Peer) []jsonPeer {
	out := make([]jsonPeer, len(peers))
	for i, p := range peers {
		out[i] = peerJSON(p)
	}
	return out
}

func peerJSON(p impact.Peer) jsonPeer {
	switch {
	case p.Workload != nil:
		w := jsonWorkload(*p.Workload)
		return jsonPeer{Workload: &w}
	case p.External != nil:
		cidrs := make([]string, len(p.External.CIDRs))
		for i, c := range p.External.CIDRs {
			cidrs[i] = c.String()
		}
		return jsonPeer{External: &jsonExternal{cidrs}}
	case p.Potential != nil:
		v := jsonPotential(*p.Potential)
		return jsonPeer{Potential: &v}
	}
	return jsonPeer{Name: &p.Name}
}

// orEmpty is the list, or an empty one where there is none: a program that reads it need not mind null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (j *jsonWriter) diagnostics(list []manifest.Diagnostic) {
	j.key("diagnostics")
	j.open('[')
	for _, d := range list {
		j.value(diagnosticJSON(d))
	}
	j.close(']')
}

// jsonWriter streams objects and lists whose members are written one at a time, each on a line.
type jsonWriter struct {
	out     *bufio.Writer
	encoder *json.Encoder
	// members counts, for each object or list that is open, the members so far.
	members []int
	err     error
}

func newJSON(w io.Writer) *jsonWriter {
	out := bufio.NewWriterSize(w, 1<<16)
	j := &jsonWriter{out: out, encoder: json.NewEncoder(lineless{out})}
	j.encoder.SetEscapeHTML(false)
	return j
}

// lineless drops the line break that an encoder ends a value with.
type lineless struct{ w *bufio.Writer }

func (l lineless) Write(b []byte) (int, error) {
	n := len(b)
	if n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	_, err := l.w.Write(b)
	return n, err
}

func (j *jsonWriter) open(bracket byte) {
	j.out.WriteByte(bracket)
	j.members = append(j.members, 0)
}

func (j *jsonWriter) close(bracket byte) {
	last := len(j.members) - 1
	n := j.members[last]
	j.members = j.members[:last]
	if n > 0 {
		j.indent()
	}
	j.out.WriteByte(bracket)
}

func (j *jsonWriter) indent() {
	j.out.WriteByte('\n')
	for range j.members {
		j.out.WriteString("  ")
	}
}

// item begins a member of what is open.
func (j *jsonWriter) item() {
	last := len(j.members) - 1
	if j.members[last] > 0 {
		j.out.WriteByte(',')
	}
	j.members[last]++
	j.indent()
}

func (j *jsonWriter) key(key string) {
	j.item()
	j.encode(key)
	j.out.WriteString(": ")
}

func (j *jsonWriter) field(key string, value any) {
	j.key(key)
	j.encode(value)
}

func (j *jsonWriter) value(value any) {
	j.item()
	j.encode(value)
}

func (j *jsonWriter) encode(value any) {
	if err := j.encoder.Encode(value); err != nil && j.err == nil {
		j.err = err
	}
}

// end writes what is buffered. The buffer keeps the first error of writing.
func (j *jsonWriter) end() error {
	j.out.WriteByte('\n')
	if err := j.out.Flush(); err != nil {
		return err
	}
	return j.err
}

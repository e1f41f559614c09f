package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// An answer is what diff writes as JSON, as far as the judge asks for it.
type answer struct {
	Clusters []struct {
		Counts   struct{ OpenedPairs, BlockedPairs int }
		Findings []answeredFinding
		Changes  []struct {
			Source, Destination answeredPeer
			Opened, Blocked     jsonPorts
		}
	}
	Gate        struct{ Conclusion string }
	Diagnostics []struct{ Severity, Object, Message string }

	code int
}

type answeredFinding struct {
	Rule, Severity, Confidence, Kind, Title, Fingerprint string
	Connections                                          []struct {
		Sources, Destinations []answeredPeer
		Ports                 jsonPorts
		Count                 int
	}
	Causes []answeredCause
}

type answeredCause struct{ Object, File, Side, Change string }

// named is the object with the namespace that its manifest leaves out.
func (c answeredCause) named() string { return named(c.Object) }

func named(object string) string {
	if kind, name, ok := strings.Cut(object, " "); ok && !strings.Contains(name, "/") {
		return kind + " default/" + name
	}
	return object
}

type answeredPeer struct {
	Workload  *struct{ Kind, Namespace, Name string }
	External  *struct{ CIDRs []netip.Prefix }
	Potential *struct{ Namespaces, Pods string }
	Name      string
}

// key identifies a peer; addresses are all one.
func (p *answeredPeer) key() string {
	switch {
	case p.Workload != nil:
		return p.Workload.Kind + " " + p.Workload.Namespace + "/" + p.Workload.Name
	case p.Potential != nil:
		return "pods " + p.Potential.Pods + " in " + p.Potential.Namespaces
	case p.External != nil:
		return "addresses"
	}
	return p.Name
}

func (p *answeredPeer) holds(e *judgedEnd) bool {
	if p.External == nil || !e.address.IsValid() {
		return p.key() == e.key
	}
	return slices.ContainsFunc(p.External.CIDRs, func(block netip.Prefix) bool { return block.Contains(e.address) })
}

// answerOf runs the whole program on two sides that are written to files below a folder.
func answerOf(ctx context.Context, dir string, base, head map[string]string, more ...string) (*answer, error) {
	sides := [2]string{filepath.Join(dir, "base"), filepath.Join(dir, "head")}
	for i, files := range [2]map[string]string{base, head} {
		if err := os.RemoveAll(sides[i]); err != nil {
			return nil, err
		}
		for name, text := range files {
			at := filepath.Join(sides[i], filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
				return nil, err
			}
			if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
				return nil, err
			}
		}
	}
	return answerTo(ctx, append([]string{"diff", "--base", sides[0], "--head", sides[1]}, more...)...)
}

func answerTo(ctx context.Context, args ...string) (*answer, error) {
	var stdout, stderr bytes.Buffer
	var a answer
	a.code = run(ctx, append(args, "--expand", "--format", "json"), func(string) string { return "" }, nil, &stdout, &stderr)
	if stderr.Len() > 0 {
		return nil, fmt.Errorf("exit code %d: %s", a.code, &stderr)
	}
	if err := json.Unmarshal(stdout.Bytes(), &a); err != nil {
		return nil, fmt.Errorf("%w: %s", err, &stdout)
	}
	if len(a.Clusters) != 1 {
		return nil, fmt.Errorf("%d clusters, not one", len(a.Clusters))
	}
	return &a, nil
}

// checkCode holds exit code and gate to the findings and diagnostics, by the default thresholds.
func (a *answer) checkCode() error {
	want, gate := 0, "pass"
	for _, f := range a.Clusters[0].Findings {
		if (f.Severity == "high" || f.Severity == "critical") && f.Confidence == "exact" {
			want, gate = 1, "fail"
		}
	}
	for _, d := range a.Diagnostics {
		if d.Severity == "error" {
			want, gate = 3, "fail" // what could not be analysed does not pass
		}
	}
	if a.code != want || a.Gate.Conclusion != gate {
		return fmt.Errorf("exit code %d and gate %s, must be %d, %s", a.code, a.Gate.Conclusion, want, gate)
	}
	return nil
}

// fingerprints are what waivers know the findings by.
func (a *answer) fingerprints() []string {
	var out []string
	for _, f := range a.Clusters[0].Findings {
		out = append(out, f.Rule+" "+f.Severity+" "+f.Fingerprint)
	}
	slices.Sort(out)
	return out
}

// formerly are the keys that renamed workloads had on base, by those that they have on head, as the findings tell them.
func (a *answer) formerly(base, head *side) map[string]string {
	out := make(map[string]string)
	for _, f := range a.Clusters[0].Findings {
		for _, c := range f.Causes {
			if f.Rule != "W3" {
				continue
			}
			kind, rest, _ := strings.Cut(c.named(), " ")
			namespace, name, _ := strings.Cut(rest, "/")
			was := map[string]string{"kind": kind, "namespace": namespace, "name": name}
			for prefix, part := range map[string]string{"renamed from ": "name", "kind changed from ": "kind", "moved from namespace ": "namespace"} {
				if old, ok := strings.CutPrefix(c.Change, prefix); ok {
					was[part] = old
				}
			}
			key := was["kind"] + " " + was["namespace"] + "/" + was["name"]
			for _, other := range []string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod"} {
				if base.pods[key] == nil { // a rename under another kind
					key = other + " " + was["namespace"] + "/" + was["name"]
				}
			}
			out[kind+" "+rest] = key
		}
	}
	return out
}

// potentials are the pods that the answer names and nobody has, by key, with their labels; those whose selectors ask for more
// than labels are left out. Namespaces that only selectors tell of get names of their own.
func (a *answer) potentials() (pods []potential, namespaces map[string]map[string]string) {
	namespaces = make(map[string]map[string]string)
	seen := make(map[string]bool)
	add := func(p *answeredPeer) {
		if p.Potential == nil || seen[p.key()] {
			return
		}
		seen[p.key()] = true
		of, ok := labelsOf(p.Potential.Pods)
		if !ok {
			return
		}
		namespace := p.Potential.Namespaces
		switch in, ok := labelsOf(namespace); {
		case !strings.ContainsAny(namespace, "=*!( "): // a name
			namespaces[namespace] = map[string]string{}
		case !ok || in["kubernetes.io/metadata.name"] != "": // the namespace of that name, if it has the other labels
			return
		default:
			namespace = fmt.Sprintf("elsewhere-%d", len(namespaces))
			namespaces[namespace] = in
		}
		pods = append(pods, potential{p.key(), namespace, of})
	}
	for i := range a.Clusters[0].Changes {
		c := &a.Clusters[0].Changes[i]
		add(&c.Source)
		add(&c.Destination)
	}
	return pods, namespaces
}

type potential struct {
	key, namespace string
	labels         map[string]string
}

// labelsOf reads a selector that asks for labels by their values only.
func labelsOf(text string) (map[string]string, bool) {
	out := make(map[string]string)
	if text == "*" {
		return out, true
	}
	s, err := labels.Parse(text)
	if err != nil {
		return nil, false
	}
	requirements, _ := s.Requirements()
	for _, r := range requirements {
		if r.Operator() != selection.Equals && r.Operator() != selection.DoubleEquals {
			return nil, false
		}
		out[r.Key()] = r.ValuesUnsorted()[0]
	}
	return out, true
}

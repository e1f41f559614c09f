package promises

import (
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
)

const netassert = `- name: n
  type: k8s
  targetPort: 80
  exitCode: 0
  src: {k8sResource: {kind: deployment, name: a, namespace: b}}
  dst: {k8sResource: {kind: pod, name: c, namespace: d}}
`

// TestEachFormIsKnownByItsContents reads one file of each.
func TestEachFormIsKnownByItsContents(t *testing.T) {
	for text, want := range map[string]struct{ promises, probes int }{
		"promises:\n- {name: n, expect: denied, from: any, to: a/b}\n": {1, 0},
		netassert: {1, 0},
		netassert + "---\n" + strings.Replace(netassert, "name: n\n", "name: m\n", 1):                                                              {2, 0},
		`{"Probes": [{"Protocol": "TCP", "Port": 80}], "Resources": {"Namespaces": {"x": {}}, "Pods": [{"Namespace": "x", "Name": "a"}]}}`:         {0, 1},
		`[{"Source": {"IP": "8.8.8.8"}, "Destination": {"Internal": {"Namespace": "y", "PodLabels": {}}}, "Protocol": "TCP", "ResolvedPort": 80}]`: {0, 1},
	} {
		set, problems := Read("f", []byte(text))
		if len(problems) > 0 || len(set.Promises) != want.promises || len(set.Probes) != want.probes {
			t.Errorf("%q: %d promises, %d probes, %v", text, len(set.Promises), len(set.Probes), problems)
		}
	}
}

// TestWhatNetassertRefusesIsRefusedWithItsLine has a mistake of each kind.
func TestWhatNetassertRefusesIsRefusedWithItsLine(t *testing.T) {
	for change, want := range map[[2]string]string{
		{"name: n\n", "name: ''\n"}:                           "f: line 1: a test of netassert needs name",
		{"type: k8s", "type: host"}:                           `f: line 2: the test "n": type is "host", not k8s`,
		{"targetPort: 80", "targetPort: 70000"}:               `f: line 3: the test "n": targetPort is "70000", not a whole number from 1 to 65535`,
		{"targetPort: 80", "protocol: sctp\n  targetPort: 8"}: `f: line 3: the test "n": protocol is "sctp", neither tcp nor udp`,
		{"targetPort: 80", "targetPorts: 80"}:                 `has no key "targetPorts"; did you mean targetPort?`,
		{"exitCode: 0", "attempts: -2"}:                       `f: line 4: the test "n": attempts is "-2"`,
		{"exitCode: 0", "timeoutSeconds: 0"}:                  `f: line 4: the test "n": timeoutSeconds is "0"`,
		{"kind: deployment", "kind: Deployment"}:              `kind is "Deployment", none of deployment, statefulset, daemonset, pod`,
		{"src: {k8sResource: {kind: deployment, name: a, namespace: b}}", "src: {host: {name: a}}"}:           `f: line 5: src of the test "n": a host cannot be the source`,
		{"src: {k8sResource: {kind: deployment, name: a, namespace: b}}", "src: {}"}:                          `f: line 5: src of the test "n" needs a k8sResource`,
		{"dst: {", "dst: {host: {name: h}, "}:                                                                 `f: line 6: dst of the test "n" has a k8sResource and a host`,
		{"dst: {k8sResource: {kind: pod, name: c, namespace: d}}", "protocol: udp\n  dst: {host: {name: h}}"}: `a host can be the destination of tcp only`,
	} {
		text := strings.Replace(netassert, change[0], change[1], 1)
		_, problems := Read("f", []byte(text))
		found := false
		for _, p := range problems {
			found = found || strings.Contains(p.Error(), want)
		}
		if !found {
			t.Errorf("%s: got %v, want %s", change[1], problems, want)
		}
	}
	if set, problems := Read("f", []byte(netassert+netassert)); len(problems) != 1 || len(set.Promises) != 1 || !strings.Contains(problems[0].Error(), `f: line 7: there is another test "n" in line 1`) {
		t.Errorf("the same name twice: %d promises, %v", len(set.Promises), problems)
	}
}

// FuzzRead reads anything: it is read, or something is told with its file, and nothing panics.
func FuzzRead(f *testing.F) {
	f.Add(netassert)
	f.Add(`{"Probes": [{"Protocol": "TCP", "Port": "serve-80"}], "Resources": {"Namespaces": {"x": {"a": "b"}}, "Pods": [{"Namespace": "x", "Name": "a", "IP": "::1", "Containers": [{"Port": 80, "Protocol": "udp"}]}]}}`)
	f.Add(`[{"Source": {"IP": "8.8.8.8"}, "Destination": {"Internal": {"Namespace": "y"}}, "Protocol": "TCP", "ResolvedPort": 80, "ResolvedPortName": "a"}]`)
	f.Add("promises:\n- {name: n, expect: denied, from: {any: true, except: a/b}, to: {service: a/b}, ports: [80]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		set, problems := Read("f", []byte(text))
		if len(set.Promises)+len(set.Probes)+len(problems) == 0 {
			if none, wrong := config.ReadPromises("f", []byte(text)); len(none)+len(wrong) > 0 { // the empty list of promises tells nothing
				t.Error("nothing was read, and nothing is told")
			}
		}
		for _, problem := range problems {
			if !strings.HasPrefix(problem.Error(), "f: ") {
				t.Errorf("an error without its file: %v", problem)
			}
		}
		for _, p := range set.Promises {
			if key, err := p.Check(); err != nil {
				t.Errorf("a promise was read that is none: %s %v", key, err)
			}
		}
	})
}

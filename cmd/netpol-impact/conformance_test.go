package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The conformance cases are not part of this repository: the truth tables of Kubernetes' own end-to-end tests, one
// folder a case, with what it allows in expected.json. A name that ends in -s1, -s2, … is a step of one test.
const sharedVariable = "NETPOL_IMPACT_SHARED"

type row struct {
	From, To string
	Port     int
	Protocol string
	Allowed  bool
	Loopback bool
}

func (r row) connection() string {
	return fmt.Sprintf("%s → %s %s/%d", r.From, r.To, r.Protocol, r.Port)
}

func cases(t *testing.T) map[string][]row {
	shared := os.Getenv(sharedVariable)
	if shared == "" {
		t.Skipf("the conformance cases are not part of this repository; set %s to the folder that has cases/", sharedVariable)
	}
	files, err := filepath.Glob(filepath.Join(shared, "cases", "*", "*", "expected.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", shared, err)
	}
	all := make(map[string][]row)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var rows, asserted []row
		if err := json.Unmarshal(text, &rows); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, r := range rows {
			if !r.Loopback {
				asserted = append(asserted, r)
			}
		}
		all[filepath.Dir(file)] = asserted
	}
	return all
}

// The machine formats, as far as the cases need them.
type (
	jsonPeer struct {
		Workload *struct{ Namespace, Name string }
		External *struct{ CIDRs []netip.Prefix }
	}
	jsonPorts []struct {
		Protocol string
		From, To int
	}
)

func (p jsonPeer) is(name string) bool {
	if address, err := netip.ParseAddr(name); err == nil {
		if p.External == nil {
			return false
		}
		for _, block := range p.External.CIDRs {
			if block.Contains(address) {
				return true
			}
		}
		return false
	}
	return p.Workload != nil && p.Workload.Namespace+"/"+p.Workload.Name == name
}

func (ps jsonPorts) hold(r row) bool {
	for _, p := range ps {
		if p.Protocol == r.Protocol && p.From <= r.Port && r.Port <= p.To {
			return true
		}
	}
	return false
}

// ask runs the program and decodes its JSON. Exit code 1 is the gate's and of no interest here.
func ask(t *testing.T, into any, args ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), append(args, "--expand", "--format", "json"), func(string) string { return "" }, nil, &stdout, &stderr)
	if code > 1 {
		t.Fatalf("%v: exit code %d\n%s%s", args, code, &stdout, &stderr)
	}
	validate(t, args[len(args)-1], stdout.Bytes())
	if err := json.Unmarshal(stdout.Bytes(), into); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, &stdout)
	}
}

func TestEveryAssertedRowIsListed(t *testing.T) {
	for dir, rows := range cases(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			var got struct {
				Connections []struct {
					Source, Destination jsonPeer
					Ports               jsonPorts
				}
			}
			ask(t, &got, "list", dir)
			for _, r := range rows {
				allowed := false
				for _, c := range got.Connections {
					allowed = allowed || c.Source.is(r.From) && c.Destination.is(r.To) && c.Ports.hold(r)
				}
				if allowed != r.Allowed {
					t.Errorf("%s: allowed is %t, must be %t", r.connection(), allowed, r.Allowed)
				}
			}
		})
	}
}

var step = regexp.MustCompile(`^(.*/[^/]*?)-s(\d+)(-[^/]*)?$`)

func TestOnlyRowsThatChangeAreInTheDifference(t *testing.T) {
	all := cases(t)
	for base, before := range all {
		m := step.FindStringSubmatch(base)
		if m == nil {
			continue
		}
		var number int
		fmt.Sscan(m[2], &number)
		head := fmt.Sprintf("%s-s%d%s", m[1], number+1, m[3])
		after, ok := all[head]
		if !ok {
			continue
		}
		t.Run(filepath.Base(head), func(t *testing.T) {
			t.Parallel()
			checkStep(t, base, head, before, after)
		})
	}
}

func checkStep(t *testing.T, base, head string, before, after []row) {
	var got struct {
		Clusters []struct {
			Changes []struct {
				Source, Destination jsonPeer
				Opened, Blocked     jsonPorts
			}
		}
	}
	ask(t, &got, "diff", "--base", base, "--head", head)
	allowed := make(map[string]bool)
	for _, r := range before {
		allowed[r.connection()] = r.Allowed
	}
	for _, r := range after {
		was, ok := allowed[r.connection()]
		if !ok {
			continue
		}
		opened, blocked := false, false
		for _, cluster := range got.Clusters {
			for _, c := range cluster.Changes {
				if c.Source.is(r.From) && c.Destination.is(r.To) {
					opened = opened || c.Opened.hold(r)
					blocked = blocked || c.Blocked.hold(r)
				}
			}
		}
		if opened != (r.Allowed && !was) || blocked != (was && !r.Allowed) {
			t.Errorf("%s: was %t, is %t, told as opened %t, blocked %t", r.connection(), was, r.Allowed, opened, blocked)
		}
	}
}

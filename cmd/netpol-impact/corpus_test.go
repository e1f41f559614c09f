package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A told is what of a result says its effect: how many findings of each kind, and on which ports connections change.
type told struct {
	Clusters []struct {
		Findings []struct {
			Kind, Title, Confidence, Rule string
			Connections                   []struct {
				Sources, Destinations []jsonEnd
				Ports                 jsonPorts
			}
		}
	}
	Diagnostics []struct{ Severity, Message string }
}

type jsonEnd struct {
	Workload  *struct{ Name string }
	Potential *struct{ Pods string }
}

// kinds counts the findings.
func (r told) kinds() map[string]int {
	all := make(map[string]int)
	for _, c := range r.Clusters {
		for _, f := range c.Findings {
			all[f.Kind]++
		}
	}
	return all
}

// ends names the workloads and selectors on one side of a kind's connections.
func (r told) ends(kind string, sources bool) []string {
	var names []string
	for _, c := range r.Clusters {
		for _, f := range c.Findings {
			for _, connection := range f.Connections {
				ends := connection.Destinations
				if sources {
					ends = connection.Sources
				}
				for _, e := range ends {
					switch {
					case f.Kind != kind:
					case e.Workload != nil:
						names = append(names, e.Workload.Name)
					case e.Potential != nil:
						names = append(names, e.Potential.Pods)
					default:
						names = append(names, "outside")
					}
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestRealChangesHaveTheirEffect compares pairs of public repositories' commits that are not part of this repository.
func TestRealChangesHaveTheirEffect(t *testing.T) {
	shared := os.Getenv(sharedVariable)
	if shared == "" {
		t.Skipf("the corpus of real changes is not part of this repository; set %s to the folder that has corpus/", sharedVariable)
	}
	for name, check := range map[string]func(t *testing.T, r told){
		"boutique": func(t *testing.T, r told) {
			// Of the twelve services, the frontend lets in everybody as before; egress stays open.
			got := r.ends("blocked", false)
			if len(got) != 11 || slices.Contains(got, "frontend") || slices.Contains(got, "outside") || r.kinds()["opened"] != 0 {
				t.Errorf("eleven services are closed but for what is allowed: %v, %v", got, r.kinds())
			}
		},
		"argocd-redis-egress": func(t *testing.T, r told) {
			if got := r.ends("blocked", true); !slices.Equal(got, []string{"argocd-redis"}) || r.kinds()["opened"] != 0 {
				t.Errorf("Redis alone loses egress: %v, %v", got, r.kinds())
			}
			dns := row{Port: 53, Protocol: "UDP"}
			for _, f := range r.Clusters[0].Findings {
				for _, c := range f.Connections {
					outside := slices.ContainsFunc(c.Destinations, func(e jsonEnd) bool { return e.Workload == nil && e.Potential == nil })
					if c.Ports.hold(dns) && !outside {
						t.Errorf("port 53 of pods stays open: %s", f.Title)
					}
				}
			}
		},
		"namespace-lister": func(t *testing.T, r told) {
			if r.kinds()["blocked"] == 0 || r.kinds()["opened"] != 0 {
				t.Errorf("a list of peers becomes a conjunction: %v", r.kinds())
			}
		},
		"sock-shop-rename": func(t *testing.T, r told) {
			if r.kinds()["blocked"] != 0 || r.kinds()["opened"] != 0 || r.kinds()["workload"] != 1 {
				t.Errorf("a rename is no outage: %v", r.kinds())
			}
		},
		"kube-prometheus-adapter": func(t *testing.T, r told) {
			from, to := r.ends("opened", true), r.ends("opened", false)
			if r.kinds()["blocked"] != 0 || !slices.Equal(from, []string{"prometheus-adapter"}) || len(to) != 1 || !strings.Contains(to[0], "name=prometheus") {
				t.Errorf("the adapter may reach the pods that an operator makes: %v → %v, %v", from, to, r.kinds())
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(shared, "corpus", name)
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), []string{"diff", "--base", filepath.Join(dir, "base"), "--head", filepath.Join(dir, "head"), "--format", "json"},
				func(string) string { return "" }, nil, &stdout, &stderr)
			if code > 1 {
				t.Fatalf("exit code %d\n%s%s", code, &stdout, &stderr)
			}
			var r told
			validate(t, dir, stdout.Bytes())
			if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			check(t, r)
		})
	}
}

package waiver

import (
	"strings"
	"testing"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func found(fingerprints ...string) []impact.Cluster {
	c := impact.Cluster{Name: "prod"}
	for _, f := range fingerprints {
		c.Findings = append(c.Findings, impact.Finding{Rule: "O8", Fingerprint: f, Title: f})
	}
	return []impact.Cluster{c}
}

func waive(fingerprint, until string, line int) config.Waiver {
	return config.Waiver{Fingerprint: fingerprint, Reason: "r", Author: "a", Until: until, Line: line}
}

func TestAWaiverAcceptsItsFingerprintAlone(t *testing.T) {
	clusters := found("f1", "f2")
	if notes := Apply(clusters, []config.Waiver{waive("f1", "2026-12-31", 3)}, "c.yaml", now); len(notes) > 0 {
		t.Error(notes)
	}
	if got := clusters[0].Findings; got[0].Accepted == nil || got[1].Accepted != nil {
		t.Errorf("accepted %v and %v", got[0].Accepted, got[1].Accepted)
	}
}

// TestUnusedWaiversAreOneNote: most waivers are of changes long merged, and every pull request would tell each of them.
func TestUnusedWaiversAreOneNote(t *testing.T) {
	notes := Apply(found("f1"), []config.Waiver{waive("f7", "2026-12-31", 3), waive("f8", "2026-12-31", 7), waive("f1", "2026-05-31", 11)}, "c.yaml", now)
	if len(notes) != 2 || !strings.Contains(notes[0].Message, "has expired") ||
		notes[1].Message != "2 waivers accept no finding of this change: f7 (line 3), f8 (line 7)" {
		t.Errorf("got %v", notes)
	}
}

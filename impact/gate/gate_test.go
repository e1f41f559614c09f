package gate

import (
	"reflect"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
)

func clusters(findings ...impact.Finding) []impact.Cluster {
	return []impact.Cluster{{Name: "default", Findings: findings}}
}

func TestFindingsFromTheThresholdOnFailTheGate(t *testing.T) {
	opened := impact.Finding{ID: "F1", Kind: impact.Opened, Severity: impact.High}
	blocked := impact.Finding{ID: "F2", Kind: impact.Blocked, Severity: impact.Medium}
	guessed := impact.Finding{ID: "F3", Kind: impact.Blocked, Severity: impact.Critical, Confidence: impact.Approximate}
	for _, test := range []struct {
		name       string
		findings   []impact.Finding
		thresholds config.Gate
		want       []string
	}{
		{"nothing found", nil, config.Gate{}, nil},
		{"high by default", []impact.Finding{opened, blocked}, config.Gate{}, []string{"stopped by F1 (fail-on-opened: high)"}},
		{"each kind has its own", []impact.Finding{opened, blocked}, config.Gate{FailOnOpened: "critical", FailOnBlocked: "low"}, []string{"stopped by F2 (fail-on-blocked: low)"}},
		{"never informs only", []impact.Finding{opened, blocked}, config.Gate{FailOnOpened: "never", FailOnBlocked: "never"}, nil},
		{"a guess alone passes", []impact.Finding{guessed}, config.Gate{}, nil},
		{"several", []impact.Finding{blocked, {ID: "F4", Kind: impact.Blocked, Severity: impact.High}}, config.Gate{FailOnBlocked: "medium"}, []string{"stopped by F2, F4 (fail-on-blocked: medium)"}},
		{"another kind counts as opened", []impact.Finding{{ID: "F5", Kind: impact.Waiver, Severity: impact.High}}, config.Gate{}, []string{"stopped by F5 (fail-on-opened: high)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Decide(clusters(test.findings...), func(string) config.Gate { return test.thresholds })
			if got.Pass != (test.want == nil) || !reflect.DeepEqual(got.Reasons, test.want) {
				t.Errorf("got %+v, want %q", got, test.want)
			}
		})
	}
}

func TestAnInputCanOnlyTighten(t *testing.T) {
	for _, test := range []struct{ base, by, want string }{
		{"", "", ""},
		{"", "never", ""},
		{"", "critical", ""},
		{"", "medium", "medium"},
		{"critical", "high", "high"},
		{"low", "high", "low"},
		{"never", "critical", "critical"},
	} {
		got := Tighten(config.Gate{FailOnOpened: test.base, FailOnBlocked: test.base}, config.Gate{FailOnOpened: test.by, FailOnBlocked: test.by})
		if want := (config.Gate{FailOnOpened: test.want, FailOnBlocked: test.want}); got != want {
			t.Errorf("%q tightened by %q: got %+v", test.base, test.by, got)
		}
	}
}

// TestLooserKnowsWhatIsLeftOut: a threshold that is left out is high.
func TestLooserKnowsWhatIsLeftOut(t *testing.T) {
	never, high, low := config.Gate{FailOnOpened: "never"}, config.Gate{FailOnOpened: "high"}, config.Gate{FailOnBlocked: "low"}
	for _, x := range []struct {
		a, than config.Gate
		want    bool
	}{{never, config.Gate{}, true}, {config.Gate{}, never, false}, {high, config.Gate{}, false}, {config.Gate{}, high, false},
		{config.Gate{}, low, true}, {low, config.Gate{}, false}, {never, low, true}, {low, never, false}} {
		if got := Looser(x.a, x.than); got != x.want {
			t.Errorf("%v looser than %v: %v", x.a, x.than, got)
		}
	}
}

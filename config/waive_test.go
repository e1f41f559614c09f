package config

import (
	"strings"
	"testing"
	"time"
)

var today = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestAWaiverIsAddedAndAllElseStays(t *testing.T) {
	w := Waiver{Fingerprint: "cc52a505ffd8c91b", Reason: "the client: retired # really", Author: "team shop", Until: "2026-12-31"}
	const entry = "- fingerprint: cc52a505ffd8c91b\n  reason: 'the client: retired # really'\n  author: team shop\n  until: \"2026-12-31\"\n"
	const other = "- rule: O8 # why\n  workload: shop/*\n  reason: r\n  author: a\n  until: 2026-12-31\n"
	indent := func(s string) string {
		return "  " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n  ") + "\n"
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":           {"", "waivers:\n" + entry},
		"comments alone":    {"# ours\n", "# ours\nwaivers:\n" + entry},
		"no list":           {"gate: {fail-on-opened: low} # strict", "gate: {fail-on-opened: low} # strict\nwaivers:\n" + entry},
		"a list":            {"# a\nwaivers: # ours\n# the first\n" + other + "# after\ncni: cilium\n", "# a\nwaivers: # ours\n" + entry + "# the first\n" + other + "# after\ncni: cilium\n"},
		"an indented list":  {"waivers:\n" + indent(other) + "cni: cilium\n", "waivers:\n" + indent(entry) + indent(other) + "cni: cilium\n"},
		"an empty list":     {"# a\ncni: cilium # b\n\nwaivers: [] # c\n", "# a\ncni: cilium # b\n\nwaivers: # c\n" + entry},
		"no value":          {"waivers:\ncni: cilium # b\n", "waivers:\n" + entry + "cni: cilium # b\n"},
		"only the list":     {"waivers:\n" + strings.TrimSuffix(other, "\n"), "waivers:\n" + entry + other},
		"windows' new line": {"cni: cilium\r\n", "cni: cilium\r\nwaivers:\n" + entry},
	} {
		got, err := AddWaiver("c.yaml", []byte(c.text), w, today)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, c.want)
		}
	}
}

func TestAWaiverIsNotAddedTwiceNorToWhatCannotBeRead(t *testing.T) {
	w := Waiver{Fingerprint: "f", Reason: "r", Author: "a", Until: "2026-12-31"}
	once, err := AddWaiver("c.yaml", nil, w, today)
	if err != nil {
		t.Fatal(err)
	}
	later := w
	later.Until, later.Reason = "2027-01-31", "again"
	if _, err := AddWaiver("c.yaml", once, later, today); err == nil || !strings.Contains(err.Error(), "accepted already, by a until 2026-12-31: r") {
		t.Errorf("added twice: %v", err)
	}
	if _, err := AddWaiver("c.yaml", once, later, today.AddDate(1, 0, 0)); err == nil {
		t.Log("one that has expired may be renewed")
	} else {
		t.Error(err)
	}
	for _, text := range []string{"{cni: cilium} # b\n", "waivers: [{fingerprint: g, reason: r, author: a, until: 2026-12-31}] # c\n"} {
		if _, err := AddWaiver("c.yaml", []byte(text), w, today); err == nil || !strings.Contains(err.Error(), "write them as lines") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := AddWaiver("c.yaml", []byte("gat: {}\n"), w, today); err == nil || !strings.Contains(err.Error(), "did you mean gate?") {
		t.Errorf("added to what cannot be read: %v", err)
	}
}

func FuzzAddWaiver(f *testing.F) {
	f.Add("waivers: []", "r")
	f.Add("waivers:\n  - {rule: O8, workload: a/b, reason: r, author: a, until: 2026-12-31} # x\n", "a: b #")
	f.Fuzz(func(t *testing.T, text, reason string) {
		w := Waiver{Fingerprint: "f", Reason: reason, Author: "a", Until: "2026-12-31"}
		if w.Check(today) != nil {
			return
		}
		out, err := AddWaiver("c.yaml", []byte(text), w, today)
		if err != nil {
			return
		}
		got, err := Read("c.yaml", out)
		if err != nil || len(got.Waivers) == 0 || got.Waivers[0].Reason != reason {
			t.Errorf("%q with %q became %q: %v", text, reason, out, err)
		}
	})
}

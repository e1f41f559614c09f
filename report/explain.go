package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// ExplainText writes why a connection is allowed or denied, state by state: which policies have a say at each end, where
// their rules stand, and which of them decides; of two states, what makes the difference, if that is known.
func ExplainText(w io.Writer, x *impact.Explained) error {
	q := x.Question
	for i, e := range x.States {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if e.Missing != "" {
			if _, err := fmt.Fprintf(w, "%s: %s\n", clean(e.State), clean(e.Missing)); err != nil {
				return err
			}
			continue
		}
		verdict := "denied"
		if e.Allowed {
			verdict = "allowed"
		}
		if e.Confidence == impact.Approximate {
			verdict += " (approximate: it rests on labels or addresses that the manifests do not tell)"
		}
		_, err := fmt.Fprintf(w, "%s: %s → %s on %s %d is %s\n", clean(e.State), clean(e.Source.String()), clean(e.Destination.String()), q.Protocol, q.Port, verdict)
		if err != nil {
			return err
		}
		for _, end := range []struct {
			words    string
			decision impact.Decision
		}{
			{"egress of " + e.Source.String(), e.Egress},
			{"ingress of " + e.Destination.String(), e.Ingress},
		} {
			if err := explainEnd(w, clean(end.words), end.decision); err != nil {
				return err
			}
		}
	}
	if x.Change == nil {
		return nil
	}
	return explainDifference(w, x.Change)
}

// ExplainJSON writes the same for programs.
func ExplainJSON(w io.Writer, x *impact.Explained) error {
	q := x.Question
	out := jsonExplained{Schema: explainSchema, States: []jsonExplainedState{}, Diagnostics: []jsonDiagnostic{}}
	port := portsJSON([]policy.PortRange{{Protocol: q.Protocol, From: q.Port, To: q.Port}})[0]
	for _, e := range x.States {
		state := jsonExplainedState{State: e.State, Missing: e.Missing}
		if e.Missing == "" {
			state.Confidence = string(e.Confidence)
			state.Connection = &jsonShown{peerJSON(e.Source), peerJSON(e.Destination), port, e.Allowed, decisionJSON(e.Egress), decisionJSON(e.Ingress)}
		}
		out.States = append(out.States, state)
		for _, d := range e.Diagnostics {
			out.Diagnostics = append(out.Diagnostics, diagnosticJSON(d))
		}
	}
	if d := x.Change; d != nil {
		out.Change = &jsonDifference{Effect: "none", Causes: []jsonCause{}, Undo: string(d.Undo)}
		switch {
		case d.Opened:
			out.Change.Effect = string(impact.Opened)
		case d.Blocked:
			out.Change.Effect = string(impact.Blocked)
		}
		for _, c := range d.Causes {
			out.Change.Causes = append(out.Change.Causes, causeJSON(c))
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// undoTexts say how several causes act.
var undoTexts = map[cause.Undo]string{
	cause.Any: "each is needed: to take any one of them back undoes it",
	cause.All: "each is enough by itself: only to take all of them back undoes it",
}

func explainDifference(w io.Writer, d *impact.Difference) error {
	words := "\nThe change makes no difference to it.\n"
	switch {
	case d.Opened:
		words = "\nThe change opens it:\n"
	case d.Blocked:
		words = "\nThe change blocks it:\n"
	}
	if _, err := io.WriteString(w, words); err != nil {
		return err
	}
	for _, c := range d.Causes {
		if _, err := fmt.Fprintf(w, "  %s\n", causeText(c)); err != nil {
			return err
		}
	}
	if text := undoTexts[d.Undo]; text != "" {
		if _, err := fmt.Fprintf(w, "  %s\n", text); err != nil {
			return err
		}
	}
	return nil
}

func explainEnd(w io.Writer, end string, d impact.Decision) error {
	if len(d.Steps) == 0 {
		_, err := fmt.Fprintf(w, "  %s: allowed, no policy has a say\n", end)
		return err
	}
	words := map[bool]string{true: "allowed", false: "denied"}[d.Allowed]
	if _, err := fmt.Fprintf(w, "  %s: %s\n", end, words); err != nil {
		return err
	}
	for _, s := range d.Steps {
		mark, what := "   ", s.Rule+" would "+s.Verdict+" it"
		switch {
		case s.Rule == "" && s.Decides:
			mark, what = " ▸ ", "isolates it, and no rule allows it"
		case s.Rule == "":
			what = "isolates it"
		case s.Decides:
			mark, what = " ▸ ", s.Rule+" decides: "+s.Verdict
		case s.Verdict == "pass":
			what = s.Rule + " passes it on"
		case s.Verdict == "allow":
			what = s.Rule + " allows it, too"
		}
		where := plainMarkup{}.line("", s.File, s.Line, true)
		if _, err := fmt.Fprintf(w, "   %s%s %s, %s\n", mark, clean(s.Object), what, where); err != nil {
			return err
		}
	}
	return nil
}

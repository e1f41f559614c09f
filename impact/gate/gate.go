// Package gate decides from the findings and the configured thresholds whether a change passes, and says why not.
//
// A finding whose verdict is approximate never fails the gate by itself: a merge is not stopped on a guess. What could
// not be analysed is not the gate's business but its caller's.
package gate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
)

// Default is the threshold of a setting that is left out.
const Default = "high"

// Decide returns the gate's decision by the thresholds of each cluster; what is accepted does not fail it. Blocked
// connections are held against fail-on-blocked, everything else against fail-on-opened.
func Decide(clusters []impact.Cluster, of func(cluster string) config.Gate) impact.Gate {
	opened, blocked := make(map[string][]string), make(map[string][]string) // by threshold
	for _, c := range clusters {
		thresholds := of(c.Name)
		for _, f := range c.Findings {
			switch {
			case f.Confidence == impact.Approximate || f.Accepted != nil:
			case f.Kind == impact.Blocked && fails(f.Severity, thresholds.FailOnBlocked):
				blocked[or(thresholds.FailOnBlocked)] = append(blocked[or(thresholds.FailOnBlocked)], f.ID)
			case f.Kind != impact.Blocked && fails(f.Severity, thresholds.FailOnOpened):
				opened[or(thresholds.FailOnOpened)] = append(opened[or(thresholds.FailOnOpened)], f.ID)
			}
		}
	}
	g := impact.Gate{Pass: len(opened)+len(blocked) == 0}
	for _, threshold := range config.Thresholds {
		if len(blocked[threshold]) > 0 {
			g.Findings = append(g.Findings, blocked[threshold]...)
			g.Reasons = append(g.Reasons, reason(blocked[threshold], "fail-on-blocked", threshold))
		}
	}
	for _, threshold := range config.Thresholds {
		if len(opened[threshold]) > 0 {
			g.Findings = append(g.Findings, opened[threshold]...)
			g.Reasons = append(g.Reasons, reason(opened[threshold], "fail-on-opened", threshold))
		}
	}
	return g
}

func fails(s impact.Severity, threshold string) bool {
	if threshold == config.Never {
		return false
	}
	return s.Rank() >= impact.Severity(or(threshold)).Rank()
}

func reason(ids []string, setting, threshold string) string {
	return fmt.Sprintf("stopped by %s (%s: %s)", strings.Join(runs(ids), ", "), setting, threshold)
}

// runs shortens findings that are numbered one after the other: F1–F20. Of two, both are named.
func runs(ids []string) []string {
	number := func(id string) int {
		n, err := strconv.Atoi(strings.TrimPrefix(id, "F"))
		if err != nil {
			return -1
		}
		return n
	}
	var out []string
	for i := 0; i < len(ids); {
		j := i + 1
		for j < len(ids) && number(ids[i]) >= 0 && number(ids[j]) == number(ids[i])+j-i {
			j++
		}
		if j-i < 3 {
			out = append(out, ids[i])
			i++
			continue
		}
		out = append(out, ids[i]+"–"+ids[j-1])
		i = j
	}
	return out
}

func or(threshold string) string {
	if threshold == "" {
		return Default
	}
	return threshold
}

// Override returns the thresholds of c with those that by sets.
func Override(c, by config.Gate) config.Gate {
	if by.FailOnOpened != "" {
		c.FailOnOpened = by.FailOnOpened
	}
	if by.FailOnBlocked != "" {
		c.FailOnBlocked = by.FailOnBlocked
	}
	return c
}

// Tighten returns the stricter of both thresholds, setting by setting: what comes from an untrusted place can only add
// reasons to fail.
func Tighten(c, by config.Gate) config.Gate {
	return config.Gate{
		FailOnOpened:  stricter(c.FailOnOpened, by.FailOnOpened),
		FailOnBlocked: stricter(c.FailOnBlocked, by.FailOnBlocked),
	}
}

// Looser tells whether a gate lets anything pass that another one stops.
func Looser(a, than config.Gate) bool {
	looser := func(a, b string) bool {
		return slices.Index(config.Thresholds, or(a)) < slices.Index(config.Thresholds, or(b))
	}
	return looser(a.FailOnOpened, than.FailOnOpened) || looser(a.FailOnBlocked, than.FailOnBlocked)
}

func stricter(a, b string) string {
	if b != "" && slices.Index(config.Thresholds, b) > slices.Index(config.Thresholds, or(a)) {
		return b
	}
	return a
}

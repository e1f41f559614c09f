package impact

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/impact/policy/calico"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Supposed is what would change if something were so that is not.
type Supposed struct {
	// If says what is supposed: "if StagedNetworkPolicy shop/db were enforced".
	If string
	// Findings are those about connections that the supposition makes, Gone those that it unmakes; none if it makes no
	// difference. They have no numbers.
	Findings, Gone []Finding
}

// suppose finds what would change under other assumptions; told are the findings about connections as things are.
func (in *Input) suppose(ctx context.Context, told []Finding) ([]Supposed, error) {
	var out []Supposed
	if staged := in.staged(); len(staged) > 0 {
		findings, err := in.connectionsBetween(ctx, in.Config, in.Head, enforced(in.Head, staged))
		if err != nil {
			return nil, err
		}
		out = append(out, Supposed{If: "if " + staging(staged), Findings: findings})
	}
	if in.Networks {
		more, err := in.otherNetworks(ctx, told)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// connectionsBetween are the findings about connections between two states, as they would be told.
func (in *Input) connectionsBetween(ctx context.Context, cfg config.Config, from, to []*manifest.Object) ([]Finding, error) {
	options, err := modelOptions(cfg)
	if err != nil {
		return nil, err
	}
	sensitivity, err := evidence.NewSensitivity(cfg.Sensitive)
	if err != nil {
		return nil, err
	}
	base, head := cluster.BuildBoth(from, to, cfg)
	options.Renamed = findRenames(base, head).toHead()
	head.FaceAsBefore(base, options.Renamed)
	model := reach.New(base, head, options)
	_, effects, err := model.Effects(ctx)
	if err != nil {
		return nil, fmt.Errorf("comparing cluster %s: %w", in.Name, err)
	}
	a := newAnalysis(model, base, head, sensitivity)
	a.findRemarks(in.Hygiene) // what misspelt policies do is told with the remark, here as there
	findings := a.connectionFindings(effects)
	override(findings, cfg.Severity)
	slices.SortStableFunc(findings, compareFindings)
	return findings, nil
}

// staged are head's staged policies that the change adds or edits.
func (in *Input) staged() []*manifest.Object {
	if in.Config.CNI != config.Calico {
		return nil
	}
	before := make(map[string]*manifest.Object)
	for _, o := range in.Base {
		if calico.IsStaged(o) {
			before[o.Key()] = o
		}
	}
	var out []*manifest.Object
	for _, o := range in.Head {
		if !calico.IsStaged(o) {
			continue
		}
		if _, does := calico.Stage(o); does && (before[o.Key()] == nil || before[o.Key()].Digest() != o.Digest()) {
			out = append(out, o)
		}
	}
	return out
}

// enforced is a state with staged policies in force.
func enforced(objects, staged []*manifest.Object) []*manifest.Object {
	instead := make(map[string]bool)
	var added []*manifest.Object
	for _, o := range staged {
		s, _ := calico.Stage(o)
		instead[s.Instead] = true
		if s.Enforced != nil {
			added = append(added, s.Enforced)
		}
	}
	out := slices.DeleteFunc(slices.Clone(objects), func(o *manifest.Object) bool { return instead[o.Key()] })
	return append(out, added...)
}

func staging(staged []*manifest.Object) string {
	names := make([]string, len(staged))
	for i, o := range staged {
		names[i] = o.String()
	}
	switch {
	case len(names) == 1:
		return names[0] + " were enforced"
	case len(names) > namedInTitle:
		return fmt.Sprintf("%d staged policies of this change, among them %s, were enforced", len(names), names[0])
	}
	return joinAnd(names) + " were enforced"
}

// otherNetworks tells what the rules of other networks make of the change, as far as it is something else.
func (in *Input) otherNetworks(ctx context.Context, told []Finding) ([]Supposed, error) {
	var out []Supposed
	for _, cni := range []string{config.Generic, config.Calico, config.Cilium} {
		if in.sameRules(cni) {
			continue
		}
		cfg := in.Config
		cfg.CNI = cni
		findings, err := in.connectionsBetween(ctx, cfg, in.Base, in.Head)
		if err != nil {
			return nil, err
		}
		out = append(out, Supposed{
			If:       "with the rules of " + cni + " instead of those of " + orGeneric(in.Config.CNI),
			Findings: besides(findings, told), Gone: besides(told, findings),
		})
	}
	return out, nil
}

// besides are the findings that some others do not tell.
func besides(findings, others []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool {
		return slices.ContainsFunc(others, func(g Finding) bool {
			return g.Fingerprint == f.Fingerprint && g.Title == f.Title && g.Confidence == f.Confidence
		})
	})
}

// sameRules tells whether a network means the same by all that is there: generic and calico differ by Calico's own policies
// only.
func (in *Input) sameRules(cni string) bool {
	now := orGeneric(in.Config.CNI)
	if now == cni {
		return true
	}
	if now == config.Cilium || cni == config.Cilium {
		return false
	}
	return !slices.ContainsFunc(in.Base, calico.Is) && !slices.ContainsFunc(in.Head, calico.Is)
}

func orGeneric(cni string) string { return cmp.Or(cni, config.Generic) }

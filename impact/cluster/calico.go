package cluster

import (
	"encoding/json"
	"math"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/policy/calico"
	"github.com/netpol-impact/netpol-impact/impact/policy/networking"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// calicoKind returns what is to be done with one of Calico's objects; nil if it is none that is known here.
func calicoKind(o *manifest.Object) func(*builder, *manifest.Object) {
	switch {
	case !calico.IsGroup(o.Group):
		return nil
	case calico.Is(o):
		return (*builder).addCalico
	case calico.IsStaged(o):
		return (*builder).addStaged
	case o.Kind == "Tier":
		return (*builder).addTier
	case o.Kind == "NetworkSet", o.Kind == "GlobalNetworkSet":
		return (*builder).addNetworks
	}
	return nil
}

// addCalico keeps one of Calico's policies until all that it may refer to is known.
func (b *builder) addCalico(o *manifest.Object) {
	if b.cni != "" && b.cni != config.Calico {
		b.setAside(o, "Calico")
		return
	}
	b.calico = append(b.calico, o)
}

func (b *builder) addStaged(o *manifest.Object) {
	if b.cni != "" && b.cni != config.Calico {
		return
	}
	b.staged = append(b.staged, o)
}

// checkStaged tells what is wrong with the policies that would be enforced.
func (b *builder) checkStaged(ctx calico.Context) {
	for _, o := range b.staged {
		s, does := calico.Stage(o)
		switch e := s.Enforced; {
		case !does || e == nil:
		case networking.Is(e):
			_, problems := networking.Compile(e, namespaceOf(e), policy.Written)
			b.report(ofStaged(o, problems)...)
		default:
			_, problems := calico.Compile(e, namespaceOf(e), ctx)
			b.report(ofStaged(o, problems)...)
		}
	}
}

// ofStaged are diagnostics of a policy that is staged, by its own name.
func ofStaged(o *manifest.Object, problems []manifest.Diagnostic) []manifest.Diagnostic {
	for i := range problems {
		problems[i].Object, problems[i].Digest = o.String(), o.Digest()
	}
	return problems
}

// addTier reads a Tier.
func (b *builder) addTier(o *manifest.Object) {
	t := calico.Tier{Order: math.Inf(1)}
	if order := o.Body.Get("spec", "order"); !order.IsNull() {
		if err := json.Unmarshal(order.AppendJSON(nil), &t.Order); err != nil {
			b.report(manifest.Problem(manifest.Error, o, order, "spec.order is %s, not a number", order.Kind.Noun()))
			return
		}
	}
	switch action := o.Body.Get("spec", "defaultAction"); action.Str() {
	case "", "Deny":
	case "Pass":
		t.Passes = true
	default:
		b.report(manifest.Problem(manifest.Error, o, action, "spec.defaultAction: %q is neither Deny nor Pass", action.Str()))
	}
	b.tiers[o.Name] = t
}

// addNetworks reads a NetworkSet or a GlobalNetworkSet.
func (b *builder) addNetworks(o *manifest.Object) {
	labels, problems := stringMap(o, o.Body.Get("metadata", "labels"), "metadata.labels")
	b.report(problems...)
	n := calico.Networks{Name: o.Name, Labels: labels}
	if o.Kind == "NetworkSet" {
		n.Namespace = namespaceOf(o)
	}
	n.Nets = b.addresses(o, "nets")
	b.networks = append(b.networks, n)
}

// compileCalico compiles Calico's policies.
func (b *builder) compileCalico() {
	ctx := calico.Context{Tiers: b.tiers, Networks: b.networks, Namespaces: make(map[string]map[string]string), Service: b.calicoService}
	for name, n := range b.state.Namespaces {
		ctx.Namespaces[name] = n.Labels
	}
	b.checkStaged(ctx)
	for _, o := range b.calico {
		namespace := ""
		if o.Kind == "NetworkPolicy" {
			namespace = namespaceOf(o)
		}
		b.addPolicies(calico.Compile(o, namespace, ctx))
	}
}

// calicoService is a Service with its pods' ports.
func (b *builder) calicoService(namespace, name string) *calico.Service {
	for _, s := range b.state.Services {
		if s.Namespace != namespace || s.Name != name {
			continue
		}
		out := &calico.Service{Selector: s.Selector}
		for _, p := range s.Ports {
			port := policy.Port{Protocol: p.Protocol, From: p.Target, To: p.Target}
			if p.TargetName != "" {
				port = policy.Port{Protocol: p.Protocol, Name: p.TargetName}
			}
			out.Ports = append(out.Ports, port)
		}
		return out
	}
	return nil
}

package impact

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/policy/istio"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// meshMarks decide whether a mesh enforces Istio's policies on pods: a sidecar's injection, the ambient mode, and the ports
// that go past the sidecar (Istio's reference of resource labels and annotations).
var meshMarks = []string{
	"istio-injection", "istio.io/rev", "istio.io/dataplane-mode", "sidecar.istio.io/inject",
	"traffic.sidecar.istio.io/includeInboundPorts", "traffic.sidecar.istio.io/excludeInboundPorts", "traffic.sidecar.istio.io/excludeInterfaces",
	"sidecar.istio.io/interceptionMode", "ambient.istio.io/bypass-inbound-capture",
}

// otherNetworks is the annotation by which pods join networks beside the pods' own (multi-network working group).
const otherNetworks = "k8s.v1.cni.cncf.io/networks"

// ownNetwork is the annotation by which another network takes the place of the pods' own (Multus).
const ownNetwork = "v1.multus-cni.io/default-network"

// bypassNotes tell of changes that take pods out of the reach of policies, or bring them into it, in a way that no policy
// and no label that policies select by shows.
func (a *analysis) bypassNotes() []manifest.Diagnostic {
	var out []manifest.Diagnostic
	for _, ns := range a.head.Namespaces {
		was := a.base.Namespaces[ns.Name]
		if was == nil || !was.Known || !ns.Known || ns.Object == nil {
			continue
		}
		if change := marksChange(func(k string) string { return was.Labels[k] }, func(k string) string { return ns.Labels[k] }); change != "" {
			out = append(out, a.meshNote(ns.Object, ns.Object.Body.Get("metadata"), ns.Name, change)...)
		}
	}
	for i := range a.model.Endpoints {
		w := a.endpoint(int32(i)).Workload
		was, is := w[reach.Base], w[reach.Head]
		if was == nil || is == nil || was.Object.Body == is.Object.Body {
			continue
		}
		at := is.Object.Body.Get(append(is.TemplatePath(), "metadata")...)
		if change := marksChange(markOf(was), markOf(is)); change != "" {
			out = append(out, a.meshNote(is.Object, at, is.Namespace, change)...)
		}
		if was, is := markOf(was)(ownNetwork), markOf(is)(ownNetwork); was != is {
			out = append(out, manifest.Problem(manifest.Error, w[reach.Head].Object, at,
				"%s: %s → %s: whether policies are enforced on these pods rests on their network, which is not analysed: both sides are compared as if they were", ownNetwork, cmp.Or(was, "(none)"), cmp.Or(is, "(none)")))
		}
		if networks := markOf(is)(otherNetworks); networks != "" && networks != markOf(was)(otherNetworks) {
			out = append(out, manifest.Problem(manifest.Warning, is.Object, at,
				"its pods join other networks now (%s): what policies of the pods' network deny may still come by these, and is not in this report", networks))
		}
	}
	slices.SortFunc(out, func(x, y manifest.Diagnostic) int { return strings.Compare(x.Object, y.Object) })
	return out
}

// markOf finds a label or an annotation of a workload's pods.
func markOf(w *cluster.Workload) func(string) string {
	annotations := w.Object.Body.Get(append(w.TemplatePath(), "metadata", "annotations")...)
	return func(key string) string {
		if n := annotations.Get(key); n != nil && w.Labels[key] == "" {
			return n.Text
		}
		return w.Labels[key]
	}
}

func marksChange(before, after func(string) string) string {
	var words []string
	for _, key := range meshMarks {
		if was, is := before(key), after(key); was != is {
			words = append(words, fmt.Sprintf("%s: %s → %s", key, cmp.Or(was, "(none)"), cmp.Or(is, "(none)")))
		}
	}
	return strings.Join(words, ", ")
}

// meshNote says that what Istio's policies of a namespace come to is not known, if there are any: an error, since everything
// that they deny may be open.
func (a *analysis) meshNote(o *manifest.Object, at *manifest.Node, namespace, change string) []manifest.Diagnostic {
	for _, state := range []*cluster.State{a.head, a.base} {
		for _, p := range state.Policies {
			if istio.Is(p.Object) && slices.ContainsFunc(p.Subject, func(s policy.Pods) bool { return s.Namespaces.Name == "" || s.Namespaces.Name == namespace }) {
				return []manifest.Diagnostic{manifest.Problem(manifest.Error, o, at,
					"%s: whether the mesh enforces %s on these pods rests on it, which is not analysed: both sides are compared as if it did", change, p.Object)}
			}
		}
	}
	return nil
}

// labelFields are the fields of custom resources that hold labels for pods.
var labelFields = map[string]bool{"labels": true, "podLabels": true, "extraLabels": true, "commonLabels": true, "additionalLabels": true, "extraPodLabels": true}

// operatorNotes tell of custom resources in which labels differ that policies select by: an operator gives them to pods that
// are not in the manifests.
func (a *analysis) operatorNotes(in Input) []manifest.Diagnostic {
	before := make(map[string]*manifest.Object)
	for _, o := range in.Base {
		if isCustom(o) {
			before[o.Key()] = o
		}
	}
	var out []manifest.Diagnostic
	var selected map[string]*policy.Policy
	for _, o := range in.Head {
		was := before[o.Key()]
		if was == nil || !isCustom(o) || was.Body == o.Body || was.Digest() == o.Digest() || cluster.OwnsPods(o, in.Config) {
			continue
		}
		gone, added := labelsWithin(was.Body), labelsWithin(o.Body)
		if selected == nil {
			selected = a.selectedLabels()
		}
		tell := func(in, others map[string]*manifest.Node, did string) {
			var pairs []string
			for pair := range in {
				if others[pair] == nil && selected[pair] != nil {
					pairs = append(pairs, pair)
				}
			}
			slices.Sort(pairs)
			for _, pair := range pairs {
				var at *manifest.Node
				if did == "has it now" {
					at = in[pair]
				}
				out = append(out, manifest.Problem(manifest.Warning, o, at,
					"%s, which %s selects by: it %s; if an operator labels its pods by it, their connections change, which is not in this report", pair, selected[pair].Object, did))
			}
		}
		tell(gone, added, "has it no longer")
		tell(added, gone, "has it now")
	}
	return out
}

// isCustom tells the objects of operators: neither Kubernetes' own nor what deploys others.
func isCustom(o *manifest.Object) bool {
	return strings.Contains(o.Group, ".") && !strings.HasSuffix(o.Group, "k8s.io") && !strings.HasSuffix(o.Group, "fluxcd.io") && o.Group != "argoproj.io"
}

// labelsWithin finds the labels in an object's specification, as key=value, with where each is.
func labelsWithin(body *manifest.Node) map[string]*manifest.Node {
	out := make(map[string]*manifest.Node)
	var walk func(n *manifest.Node, depth int)
	walk = func(n *manifest.Node, depth int) {
		if depth > 20 {
			return
		}
		n.Fields(func(key, value *manifest.Node) bool {
			if labelFields[key.Text] && value.Kind == manifest.Map {
				value.Fields(func(k, v *manifest.Node) bool {
					if v.Kind == manifest.String {
						out[k.Text+"="+v.Str()] = v
					}
					return true
				})
			}
			walk(value, depth+1)
			return true
		})
		for i := range n.Elements() {
			walk(&n.Items[i], depth+1)
		}
	}
	walk(body.Get("spec"), 0)
	return out
}

// selectedLabels are the labels that policies of either side select pods by, as key=value, each with one of them.
func (a *analysis) selectedLabels() map[string]*policy.Policy {
	out := make(map[string]*policy.Policy)
	for _, state := range []*cluster.State{a.base, a.head} {
		for _, p := range state.Policies {
			note := func(pods *policy.Pods) {
				for _, r := range pods.Pods.Requirements {
					for _, value := range r.Values {
						out[r.Key+"="+value] = p
					}
				}
			}
			for i := range p.Subject {
				note(&p.Subject[i])
			}
			for _, d := range policy.Directions {
				for i := range p.Rules[d] {
					for j := range p.Rules[d][i].Peers {
						if pods := p.Rules[d][i].Peers[j].Pods; pods != nil {
							note(pods)
						}
					}
				}
			}
		}
	}
	return out
}

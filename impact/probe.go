package impact

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/config/promises"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// AnsweredProbe is what the policies of one state say to the questions of a probe.
type AnsweredProbe struct {
	File    string
	Line    int
	Answers []Answer
}

// Answer is what becomes of one connection that a probe asks for.
type Answer struct {
	Source, Destination Peer
	Protocol            policy.Protocol
	// Port is the destination's; PortName its name where it was asked for by that.
	Port     int
	PortName string
	Allowed  bool
}

// Ask answers a probe: the pods are those that it describes, the policies those of the objects.
func Ask(objects []*manifest.Object, cfg config.Config, probe *promises.Probe) (AnsweredProbe, error) {
	out := AnsweredProbe{File: probe.Origin, Line: probe.Line}
	cfg.CNI = cluster.Network(cfg, objects)
	cfg.Namespaces = nil // the probe tells its own
	options, err := modelOptions(cfg)
	if err != nil {
		return out, err
	}
	described, err := describe(probe)
	if err != nil {
		return out, err
	}
	all := slices.DeleteFunc(slices.Clone(objects), func(o *manifest.Object) bool {
		return o.Kind == "Namespace" || o.Kind == "Node" || cluster.OwnsPods(o, cfg)
	})
	state := cluster.Build(append(all, described...), cfg)
	a := analysis{model: reach.New(state, state, options), base: state, head: state}
	asked := asked{a: &a, probe: probe, at: make(map[string]int32)}
	for i := range a.model.Endpoints {
		if w := a.endpoint(int32(i)).Workload[reach.Head]; w != nil {
			asked.at[w.Namespace+"/"+w.Name] = int32(i)
		}
	}
	for _, port := range probe.All {
		for s := range probe.Pods {
			for d := range probe.Pods {
				if s != d {
					out.Answers = append(out.Answers, asked.answer(promises.Question{Source: promises.Party{Pod: s}, Destination: promises.Party{Pod: d}, Port: port}))
				}
			}
		}
	}
	for _, q := range probe.Questions {
		out.Answers = append(out.Answers, asked.answer(q))
	}
	return out, nil
}

// describe turns a probe's namespaces and pods into objects.
func describe(probe *promises.Probe) ([]*manifest.Object, error) {
	var text strings.Builder
	add := func(object map[string]any) error {
		line, err := json.Marshal(object)
		fmt.Fprintf(&text, "---\n%s\n", line)
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(probe.Namespaces)) {
		if err := add(map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name, "labels": probe.Namespaces[name]}}); err != nil {
			return nil, err
		}
	}
	for _, p := range probe.Pods {
		ports := []any{}
		for _, c := range p.Ports {
			ports = append(ports, map[string]any{"name": c.Name, "containerPort": c.Port, "protocol": c.Protocol})
		}
		object := map[string]any{
			"apiVersion": "v1", "kind": "Pod",
			"metadata": map[string]any{"name": p.Name, "namespace": p.Namespace, "labels": p.Labels},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "main", "ports": ports}}},
		}
		if p.IP != "" {
			object["status"] = map[string]any{"podIP": p.IP}
		}
		if err := add(object); err != nil {
			return nil, err
		}
	}
	objects, problems := manifest.Read(probe.Origin, []byte(text.String()))
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s: a pod or a namespace cannot be: %s", probe.Origin, problems[0].Message)
	}
	return objects, nil
}

// asked answers the questions of one probe.
type asked struct {
	a     *analysis
	probe *promises.Probe
	at    map[string]int32
}

func (k *asked) answer(q promises.Question) Answer {
	source, from := k.end(q.Source)
	destination, to := k.end(q.Destination)
	out := Answer{Source: from, Destination: to, Protocol: policy.Protocol(q.Port.Protocol), Port: q.Port.From, PortName: q.Port.Name}
	if q.Port.Name != "" && q.Destination.Pod >= 0 {
		for _, c := range k.probe.Pods[q.Destination.Pod].Ports {
			if c.Name == q.Port.Name && c.Protocol == q.Port.Protocol {
				out.Port = c.Port
			}
		}
	}
	if source < 0 || destination < 0 || out.Port == 0 {
		return out
	}
	out.Allowed = source == destination || k.a.model.Verdict(reach.Head, source, destination).Has(out.Protocol, out.Port)
	return out
}

// end finds an end of a question, and says who it is: of traffic the labels, since its pods have no names.
func (k *asked) end(p promises.Party) (int32, Peer) {
	if p.Pod < 0 {
		i, err := k.a.findAddress(p.Address)
		if err != nil {
			i = -1
		}
		return i, Peer{External: &External{CIDRs: []netip.Prefix{netip.PrefixFrom(p.Address, p.Address.BitLen())}}}
	}
	pod := k.probe.Pods[p.Pod]
	i, ok := k.at[pod.Namespace+"/"+pod.Name]
	if !ok {
		i = -1
	}
	if len(k.probe.Questions) == 0 {
		return i, Peer{Workload: &WorkloadID{"Pod", pod.Namespace, pod.Name}}
	}
	var labels []string
	for _, key := range slices.Sorted(maps.Keys(pod.Labels)) {
		labels = append(labels, key+"="+pod.Labels[key])
	}
	return i, Peer{Potential: &Potential{Namespaces: pod.Namespace, Pods: cmp.Or(strings.Join(labels, ","), "*")}}
}

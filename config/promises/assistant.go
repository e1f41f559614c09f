package promises

import (
	"fmt"
	"maps"
	"net/netip"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/config"
)

// Probe is a file of policy-assistant (sigs.k8s.io/network-policy-api): questions about pods that it describes itself. It
// asks what policies allow and expects nothing.
type Probe struct {
	Origin string
	Line   int
	// Namespaces are the labels of the pods' namespaces, Pods the pods.
	Namespaces map[string]map[string]string
	Pods       []Pod
	// All asks for the connections between all pods, on each of Ports; Questions are single ones.
	All       []config.Port
	Questions []Question
	// Clusters are the only ones that are meant; if empty, all are.
	Clusters config.Words
}

// Pod is a pod that a probe describes.
type Pod struct {
	Namespace, Name string
	Labels          map[string]string
	IP              string
	Ports           []ContainerPort
}

// ContainerPort is a port that a pod's container listens on.
type ContainerPort struct {
	Name, Protocol string
	Port           int
}

// Question is one connection that is asked for. An end is a pod, by its number, or an address.
type Question struct {
	Line                int
	Source, Destination Party
	Port                config.Port
}

// Party is an end of a question: the number of a pod, or -1 and an address.
type Party struct {
	Pod     int
	Address netip.Addr
}

// readProbe reads a probe: pods, and ports on which all of them are tried with each other.
func readProbe(file string, n *yaml.Node) ([]Probe, []error) {
	var problems []error
	top, ok := fieldsOf(file, "a probe of policy-assistant", n, true, &problems, "Resources", "Probes")
	if !ok {
		return nil, problems
	}
	out := Probe{Origin: file, Line: n.Line, Namespaces: make(map[string]map[string]string)}
	resources, ok := fieldsOf(file, "Resources of the probe", top.get("Resources"), true, &problems, "Namespaces", "Pods")
	if ok {
		out.readResources(&resources)
	}
	list := top.get("Probes")
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		top.wrong(list, "the probe needs Probes: the ports that are tried")
		return nil, problems
	}
	for _, c := range list.Content {
		p, ok := fieldsOf(file, "an entry of Probes", c, true, &problems, "Protocol", "Port")
		if !ok {
			continue
		}
		if p.get("Port") == nil {
			p.wrong(nil, "%s needs Port", p.what)
			continue
		}
		if port, ok := p.port("Protocol", p.get("Port").Value); ok {
			out.All = append(out.All, port)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return []Probe{out}, nil
}

// port reads a port by number or name.
func (f *fields) port(protocolKey, text string) (config.Port, bool) {
	protocol := strings.ToLower(f.need(protocolKey))
	if protocol == "" {
		return config.Port{}, false
	}
	port, err := config.ParsePort(protocol + "/" + text)
	if err != nil || port.From != port.To {
		f.wrong(nil, "%s: %q and %q are no protocol and port", f.what, protocol, text)
		return config.Port{}, false
	}
	return port, true
}

func (out *Probe) readResources(f *fields) {
	if namespaces := f.get("Namespaces"); namespaces != nil && namespaces.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(namespaces.Content); i += 2 {
			out.Namespaces[namespaces.Content[i].Value] = f.labels("Namespaces", namespaces.Content[i+1])
		}
	} else if namespaces != nil {
		f.wrong(namespaces, "Namespaces is no mapping of names to labels")
	}
	pods := f.get("Pods")
	if pods == nil || pods.Kind != yaml.SequenceNode || len(pods.Content) == 0 {
		f.wrong(pods, "%s need Pods", f.what)
		return
	}
	if len(pods.Content) > maxPods {
		f.wrong(pods, "%s have %d pods; at most %d are tried with each other", f.what, len(pods.Content), maxPods)
		return
	}
	seen := make(map[string]bool)
	for _, n := range pods.Content {
		p, ok := fieldsOf(f.file, "a pod", n, true, f.errors, "Namespace", "Name", "Labels", "ServiceIP", "IP", "Containers")
		if !ok {
			continue
		}
		pod := Pod{Namespace: p.need("Namespace"), Name: p.need("Name"), Labels: p.labels("Labels", p.get("Labels")), IP: p.address("IP")}
		if pod.Namespace != "" && out.Namespaces[pod.Namespace] == nil {
			p.wrong(n, "the pod %s/%s is in a namespace that Namespaces does not have", pod.Namespace, pod.Name)
		}
		if key := pod.Namespace + "/" + pod.Name; seen[key] {
			p.wrong(n, "the pod %s is given twice", key)
		} else {
			seen[key] = true
		}
		pod.Ports = p.containers(p.get("Containers"))
		out.Pods = append(out.Pods, pod)
	}
}

// maxPods bounds a probe: it asks for every pair.
const maxPods = 300

func (f *fields) containers(list *yaml.Node) []ContainerPort {
	if list == nil {
		return nil
	}
	if list.Kind != yaml.SequenceNode {
		f.wrong(list, "%s: Containers is no list", f.what)
		return nil
	}
	var out []ContainerPort
	for _, n := range list.Content {
		c, ok := fieldsOf(f.file, "a container", n, true, f.errors, "Name", "Port", "Protocol", "PortName", "BatchJobs", "Image")
		if !ok {
			continue
		}
		port := c.number("Port", 1, 65535, 0)
		if port == 0 && c.get("Port") == nil {
			c.wrong(nil, "%s needs Port", c.what)
		}
		name := c.text("PortName")
		if name == "" { // policy-assistant's own default
			name = fmt.Sprintf("serve-%d-%s", port, strings.ToLower(c.text("Protocol")))
		}
		protocol := strings.ToUpper(c.need("Protocol"))
		out = append(out, ContainerPort{Name: name, Protocol: protocol, Port: port})
	}
	return out
}

func (f *fields) labels(what string, n *yaml.Node) map[string]string {
	out := make(map[string]string)
	if n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return out
	}
	if n.Kind != yaml.MappingNode {
		f.wrong(n, "%s is no mapping of labels", what)
		return out
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		value := n.Content[i+1]
		if value.Kind != yaml.ScalarNode || value.Tag != "!!str" {
			f.wrong(value, "%s: the label %q is no text; quote it", what, n.Content[i].Value)
			continue
		}
		out[n.Content[i].Value] = value.Value
	}
	return out
}

// address is an address; "" if it is missing.
func (f *fields) address(key string) string {
	text := f.text(key)
	if _, err := netip.ParseAddr(text); text != "" && err != nil {
		f.wrong(f.get(key), "%s: %q is no address", f.what, text)
	}
	return text
}

// readTraffic reads traffic: connections between ends of which labels or an address are given.
func readTraffic(file string, list *yaml.Node) ([]Probe, []error) {
	var problems []error
	var all []Probe
	for _, n := range list.Content {
		out := Probe{Origin: file, Line: n.Line, Namespaces: make(map[string]map[string]string)}
		f, ok := fieldsOf(file, "an entry of traffic", n, true, &problems, "Source", "Destination", "Protocol", "ResolvedPort", "ResolvedPortName")
		if !ok {
			continue
		}
		q := Question{Line: n.Line}
		number := f.number("ResolvedPort", 1, 65535, 0)
		if number == 0 && f.get("ResolvedPort") == nil {
			f.wrong(nil, "%s needs ResolvedPort", f.what)
		}
		q.Port, _ = f.port("Protocol", fmt.Sprint(max(number, 1)))
		name := f.text("ResolvedPortName")
		q.Source = out.party(&f, "Source", ContainerPort{})
		q.Destination = out.party(&f, "Destination", ContainerPort{name, q.Port.Protocol, number})
		out.Questions = append(out.Questions, q)
		if last := len(all) - 1; last >= 0 && all[last].agrees(&out) {
			all[last].join(&out)
		} else {
			all = append(all, out)
		}
	}
	if len(list.Content) > maxQuestions {
		problems = append(problems, fmt.Errorf("%s: line %d: there are %d entries of traffic; at most %d are read", file, list.Line, len(list.Content), maxQuestions))
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return all, nil
}

// agrees tells whether two entries can be asked of one cluster: each may give a namespace labels of its own.
func (out *Probe) agrees(other *Probe) bool {
	for name, labels := range other.Namespaces {
		if known, ok := out.Namespaces[name]; ok && !maps.Equal(known, labels) {
			return false
		}
	}
	return true
}

// join adds the other's pods and questions.
func (out *Probe) join(other *Probe) {
	maps.Copy(out.Namespaces, other.Namespaces)
	for _, q := range other.Questions {
		for _, p := range []*Party{&q.Source, &q.Destination} {
			if p.Pod >= 0 {
				p.Pod += len(out.Pods)
			}
		}
		out.Questions = append(out.Questions, q)
	}
	out.Pods = append(out.Pods, other.Pods...)
}

const maxQuestions = 10_000

// party reads an end of traffic; what is internal becomes a pod of its own.
func (out *Probe) party(f *fields, key string, listens ContainerPort) Party {
	e, ok := fieldsOf(f.file, key+" of "+f.what, f.get(key), true, f.errors, "Internal", "IP")
	if !ok {
		return Party{Pod: -1}
	}
	ip := e.address("IP")
	internal := e.get("Internal")
	if internal == nil {
		address, err := netip.ParseAddr(ip)
		if err != nil {
			e.wrong(nil, "%s needs Internal or an IP", e.what)
		}
		return Party{Pod: -1, Address: address.Unmap()}
	}
	i, ok := fieldsOf(f.file, "Internal in "+e.what, internal, true, f.errors, "PodLabels", "NamespaceLabels", "Namespace", "Workload", "Pods")
	if !ok {
		return Party{Pod: -1}
	}
	namespace := i.need("Namespace")
	labels := i.labels("NamespaceLabels", i.get("NamespaceLabels"))
	if known, ok := out.Namespaces[namespace]; ok && !maps.Equal(known, labels) {
		i.wrong(internal, "the namespace %s has other labels than at the other end", namespace)
	}
	out.Namespaces[namespace] = labels
	pod := Pod{Namespace: namespace, Name: fmt.Sprintf("line-%d-%s", e.node.Line, strings.ToLower(key)), Labels: i.labels("PodLabels", i.get("PodLabels")), IP: ip}
	if listens.Port > 0 {
		pod.Ports = []ContainerPort{listens}
	}
	out.Pods = append(out.Pods, pod)
	return Party{Pod: len(out.Pods) - 1}
}

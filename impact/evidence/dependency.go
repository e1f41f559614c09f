package evidence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// Dependency is a connection to a workload that the manifests show to be used.
type Dependency struct {
	Destination *cluster.Workload
	// Ports are the destination's own.
	Ports policy.PortSet
	// Text says what shows it: "env CART_ADDR=cart:7070".
	Text string
	File string
	Line int
}

// Finder finds the evidence of one side. It remembers what it has read and is not safe for use by several goroutines.
type Finder struct {
	state    *cluster.State
	backends *cluster.Backends
	texts    map[*manifest.Object][]mention
}

// New prepares for finding evidence; nothing is read before it is asked for.
func New(s *cluster.State, b *cluster.Backends) *Finder {
	return &Finder{state: s, backends: b, texts: make(map[*manifest.Object][]mention)}
}

// mention is a reference with the place that it was found in.
type mention struct {
	reference
	key string // of a ConfigMap
	// before and after stand around what is shown, in the dependency's text.
	before, after string
	at            manifest.Origin
}

// Dependencies finds whom a workload's configuration names: in its containers' environment, commands and arguments, and
// in the ConfigMaps that they use.
func (f *Finder) Dependencies(w *cluster.Workload) []Dependency {
	var out []Dependency
	seen := make(map[string]bool)
	for _, m := range f.mentions(w) {
		p, ok := f.resolve(m.host, w.Namespace)
		if !ok {
			continue
		}
		for _, to := range f.backends.Of(p.service) {
			ports := p.ports(to, m.port)
			key := to.Kind + "/" + to.Namespace + "/" + to.Name + "/" + ports.Key()
			if len(ports) == 0 || seen[key] || to == w && w.Kind == "Pod" {
				continue
			}
			seen[key] = true
			out = append(out, Dependency{Destination: to, Ports: ports, Text: m.before + m.shown + m.after, File: m.at.File, Line: m.at.Line})
		}
	}
	return out
}

func (f *Finder) mentions(w *cluster.Workload) []mention {
	var out []mention
	for _, list := range []string{"initContainers", "containers"} {
		containers := w.Pod.Get(list).Elements()
		for i := range containers {
			out = append(out, f.container(w, &containers[i])...)
		}
	}
	return append(out, f.volumes(w)...)
}

// variable is one variable of a container's environment.
type variable struct {
	name, value, from string
	at                manifest.Origin
}

func (f *Finder) container(w *cluster.Workload, c *manifest.Node) []mention {
	variables := f.environment(w, c)
	values := make(map[string]string, len(variables))
	var out []mention
	for _, v := range variables {
		v.value = expand(v.value, values)
		values[v.name] = v.value
	}
	for _, v := range variables {
		for _, r := range references(v.name, values[v.name]) {
			if stem := hostStem(v.name); r.bare && stem > 0 {
				r.port, _ = strconv.Atoi(values[v.name[:stem]+"PORT"]) // DB_HOST and DB_PORT
			}
			out = append(out, mention{reference: r, before: "env " + v.name + "=", after: v.from, at: v.at})
		}
	}
	for _, list := range commands {
		words := c.Get(list...).Elements()
		for i := range words {
			flag := ""
			if i > 0 && len(words[i-1].Str()) > len("-c") && strings.HasPrefix(words[i-1].Str(), "-") && !strings.Contains(words[i-1].Str(), "=") {
				flag = words[i-1].Str()
			}
			for _, r := range references(flag, expand(words[i].Str(), values)) {
				at := w.Object.At(&words[i])
				at.Line = lineOf(w.Object, &words[i], r.line)
				before := "argument "
				if name, _, ok := strings.Cut(words[i].Str(), "="); ok && strings.HasPrefix(name, "-") && !strings.ContainsAny(name, " \t\n") {
					before += name + "="
				} else if flag != "" {
					before += flag + " "
				}
				out = append(out, mention{reference: r, before: before, at: at})
			}
		}
	}
	return append(out, called(w, c, values)...)
}

// called finds what a client that is called without a shell is told by words of their own: [psql, -h, db].
func called(w *cluster.Workload, c *manifest.Node, values map[string]string) []mention {
	var out []mention
	for i, list := range commands {
		if i == 1 {
			continue // args go on where command ends
		}
		words := c.Get(list...).Elements()
		if i == 0 {
			words = slices.Concat(words, c.Get(commands[1]...).Elements())
		}
		texts := make([]string, len(words))
		for n := range words {
			texts[n] = expand(words[n].Str(), values)
		}
		if len(texts) == 0 || slices.ContainsFunc(texts, func(text string) bool { return strings.ContainsAny(text, "\n;|&") }) {
			continue
		}
		s := scanner{line: strings.Join(texts, " ")}
		s.clients()
		for _, r := range s.found {
			at := slices.IndexFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), r.host) })
			out = append(out, mention{reference: r, before: "argument ", at: w.Object.At(&words[max(at, 0)])})
		}
	}
	return out
}

// commands are where a container says what is run in it: at its start, by its probes, and at the ends of its life.
var commands = [][]string{
	{"command"}, {"args"},
	{"livenessProbe", "exec", "command"}, {"readinessProbe", "exec", "command"}, {"startupProbe", "exec", "command"},
	{"lifecycle", "postStart", "exec", "command"}, {"lifecycle", "preStop", "exec", "command"},
}

// environment lists a container's variables in the order in which later ones may use earlier ones.
func (f *Finder) environment(w *cluster.Workload, c *manifest.Node) []variable {
	var out []variable
	sources := c.Get("envFrom").Elements()
	for i := range sources {
		prefix := sources[i].Get("prefix").Str()
		o := f.state.ConfigMaps[cluster.Name{Namespace: w.Namespace, Name: sources[i].Get("configMapRef", "name").Str()}]
		if o == nil {
			continue
		}
		o.Body.Get("data").Fields(func(key, value *manifest.Node) bool {
			out = append(out, variable{prefix + key.Text, value.Str(), fmt.Sprintf(" (ConfigMap %s)", o.Name), o.At(value)})
			return true
		})
	}
	list := c.Get("env").Elements()
	for i := range list {
		v := variable{name: list[i].Get("name").Str(), value: list[i].Get("value").Str(), at: w.Object.At(list[i].Get("value"))}
		if ref := list[i].Get("valueFrom", "configMapKeyRef"); ref != nil {
			o := f.state.ConfigMaps[cluster.Name{Namespace: w.Namespace, Name: ref.Get("name").Str()}]
			if o == nil {
				continue
			}
			value := o.Body.Get("data", ref.Get("key").Str())
			v.value, v.from, v.at = value.Str(), fmt.Sprintf(" (ConfigMap %s)", o.Name), o.At(value)
		}
		out = append(out, v)
	}
	return out
}

// expand puts the values of earlier variables in the places of $(NAME), as the kubelet does.
func expand(text string, values map[string]string) string {
	if !strings.Contains(text, "$(") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "$(")
		name, after, closed := strings.Cut(rest, ")")
		value, known := values[name]
		if !ok || !closed || b.Len() > maxExpanded {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(before)
		if known {
			b.WriteString(value)
		} else {
			b.WriteString("$(" + name + ")")
		}
		text = after
	}
}

// maxExpanded bounds what a value grows to: variables can double each other.
const maxExpanded = 1 << 16

// volumes reads the ConfigMaps that the workload mounts.
func (f *Finder) volumes(w *cluster.Workload) []mention {
	var out []mention
	use := func(source *manifest.Node) {
		o := f.state.ConfigMaps[cluster.Name{Namespace: w.Namespace, Name: source.Get("name").Str()}]
		if o == nil {
			return
		}
		var only map[string]bool
		items := source.Get("items").Elements()
		for i := range items {
			if only == nil {
				only = make(map[string]bool, len(items))
			}
			only[items[i].Get("key").Str()] = true
		}
		for _, m := range f.configMap(o) {
			if only == nil || only[m.key] {
				out = append(out, m)
			}
		}
	}
	volumes := w.Pod.Get("volumes").Elements()
	for i := range volumes {
		use(volumes[i].Get("configMap"))
		sources := volumes[i].Get("projected", "sources").Elements()
		for j := range sources {
			use(sources[j].Get("configMap"))
		}
	}
	return out
}

// configMap finds what a ConfigMap's texts mention, once however many workloads mount it.
func (f *Finder) configMap(o *manifest.Object) []mention {
	out, ok := f.texts[o]
	if ok {
		return out
	}
	o.Body.Get("data").Fields(func(key, value *manifest.Node) bool {
		whole := key.Text
		if strings.Contains(value.Str(), "\n") {
			whole = "" // a file, whose lines have keys of their own
		}
		for _, r := range references(whole, value.Str()) {
			at := o.At(value)
			at.Line = lineOf(o, value, r.line)
			out = append(out, mention{reference: r, key: key.Text, before: fmt.Sprintf("ConfigMap %s, %s: ", o.Name, key.Text), at: at})
		}
		return true
	})
	f.texts[o] = out
	return out
}

// lineOf is the line of the file where a line of a text stands. A text of several lines begins below its key; where a
// renderer knows no lines but the object's, that one is all there is to say.
func lineOf(o *manifest.Object, n *manifest.Node, line int) int {
	at := o.At(n).Line
	if !strings.Contains(n.Str(), "\n") || at == o.Origin.Line {
		return at
	}
	return at + 1 + line
}

package generate

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// site is a part of an object that can be edited.
type site struct {
	// path is the object's kind and the way to the part, as in "NetworkPolicy:spec.ingress[].from[]".
	path   string
	object *Manifest
	value  any
	// put replaces the part, or takes it out where it is given nil.
	put func(any)
}

func (s site) fields() map[string]any { return s.value.(map[string]any) }
func (s site) list() []any            { return s.value.([]any) }

// sites are all parts of an object, in an order that is always the same.
func sites(m *Manifest) []site {
	var out []site
	var walk func(path string, value any, put func(any))
	walk = func(path string, value any, put func(any)) {
		out = append(out, site{path, m, value, put})
		switch v := value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(strings.TrimSuffix(path, ":")+sep(path)+key, v[key], func(to any) {
					if v[key] = to; to == nil {
						delete(v, key)
					}
				})
			}
		case []any:
			for i := range v {
				walk(path+"[]", v[i], func(to any) {
					if to == nil {
						put(slices.Delete(slices.Clone(v), i, i+1))
						return
					}
					v[i] = to
				})
			}
		}
	}
	kind, _ := m.Body["kind"].(string)
	walk(kind+":", m.Body, nil)
	return out
}

func sep(path string) string {
	if strings.HasSuffix(path, ":") {
		return ":"
	}
	return "."
}

// change is a kind of edit: where it can be made, and what it does.
type change struct {
	where *regexp.Regexp
	do    func(p *person, s site)
}

func at(where string, do func(p *person, s site)) change {
	return change{regexp.MustCompile(where), do}
}

const workloads = `^(Deployment|StatefulSet|DaemonSet|ReplicaSet|ReplicationController|Job|CronJob|Pod):`

// changes are the edits that leave an object valid.
var changes = []change{
	at(`^NetworkPolicy:.*(pod|namespace)Selector$`, func(p *person, s site) {
		pairs := podLabelPairs
		if strings.HasSuffix(s.path, "namespaceSelector") {
			pairs = namespacePairs
		}
		s.put(written("%s", p.selector(pairs)))
	}),
	at(`^NetworkPolicy:.*matchLabels$`, func(p *person, s site) {
		if key := slices.Sorted(maps.Keys(s.fields())); len(key) > 0 && p.oneIn(2) {
			delete(s.fields(), key[0])
		} else if len(key) > 0 {
			s.fields()[key[0]] = "misspelt"
		}
	}),
	at(`^NetworkPolicy:.*matchExpressions\[\]$`, func(p *person, s site) {
		e := s.fields()
		e["operator"] = pick(p.dice, "In", "NotIn", "Exists", "DoesNotExist")
		delete(e, "values")
		if strings.HasSuffix(e["operator"].(string), "In") {
			e["values"] = []any{pick(p.dice, "a", "web", "front", "prod", "db")}
		}
	}),
	at(`^NetworkPolicy:.*(from|to)\[\]$`, func(p *person, s site) { // one peer of two conditions, or two peers
		both, _ := s.fields()["podSelector"].(map[string]any)
		if namespaces := s.fields()["namespaceSelector"]; both != nil && namespaces != nil {
			delete(s.fields(), pick(p.dice, "podSelector", "namespaceSelector"))
			return
		}
		s.put(p.peer())
	}),
	at(`^NetworkPolicy:.*(from|to)$`, func(p *person, s site) {
		switch p.below(4) {
		case 0:
			s.put(nil)
		case 1:
			s.put([]any{})
		case 2:
			s.put(append(slices.Clone(s.list()), any(p.peer())))
		case 3:
			s.put(apart(s.list()))
		}
	}),
	at(`^NetworkPolicy:.*(from|to|ports|ingress|egress|except)\[\]$`, func(p *person, s site) { s.put(nil) }),
	at(`^NetworkPolicy:.*ipBlock$`, func(p *person, s site) { s.put(p.block()) }),
	at(`^NetworkPolicy:.*except$`, func(p *person, s site) { s.put(nil) }),
	at(`^NetworkPolicy:.*(ingress|egress)\[\].ports$`, func(p *person, s site) {
		s.put(pick(p.dice, nil, any([]any{}), any(p.ports()), any(append(slices.Clone(s.list()), any(p.port()))), any([]any{map[string]any{}})))
	}),
	at(`^NetworkPolicy:.*(ingress|egress)\[\]$`, func(p *person, s site) { s.fields()["ports"] = p.ports() }),
	at(`^NetworkPolicy:.*ports\[\]$`, func(p *person, s site) {
		port := s.fields()
		switch number, isNumber := port["port"].(float64); {
		case p.oneIn(3):
			port["protocol"] = pick(p.dice, "TCP", "UDP", "SCTP")
		case p.oneIn(3):
			delete(port, "protocol")
		case port["endPort"] != nil:
			delete(port, "endPort")
		case isNumber && p.oneIn(2):
			port["endPort"] = number + float64(p.below(3)*1000)
		default:
			s.put(p.port())
		}
	}),
	at(`^NetworkPolicy:spec.policyTypes$`, func(p *person, s site) {
		s.put(pick(p.dice, nil, any([]any{}), any([]any{"Ingress"}), any([]any{"Egress"}), any([]any{"Egress", "Ingress"})))
	}),
	at(`^NetworkPolicy:spec$`, func(p *person, s site) {
		direction := pick(p.dice, "ingress", "egress")
		other := pick(p.dice, nil, any([]any{}), any([]any{map[string]any{}}), any(p.rules(direction, 1)))
		if s.fields()[direction] = other; other == nil {
			delete(s.fields(), direction)
		}
	}),
	at(`^NetworkPolicy:spec.(ingress|egress)$`, func(p *person, s site) {
		s.put(append(slices.Clone(s.list()), any(p.rules(s.path[strings.LastIndexByte(s.path, '.')+1:], 1)[0])))
	}),
	at(`^NetworkPolicy:metadata$`, func(p *person, s site) {
		if p.oneIn(2) {
			s.fields()["name"] = p.name("renamed")
			return
		}
		move(p, s)
	}),
	at(`^NetworkPolicy:metadata$`, move),
	at(workloads+`metadata$`, move),
	at(workloads+`metadata$`, func(p *person, s site) { s.fields()["name"] = s.fields()["name"].(string) + "-v2" }),
	at(workloads+`.*containers\[\].ports\[\]$`, func(p *person, s site) {
		port := s.fields()
		switch p.below(4) {
		case 0:
			port["containerPort"] = pick(p.dice, 8080.0, 8443.0, 53.0)
		case 1:
			port["name"] = pick(p.dice, "http", "sql", "dns", "web")
		case 2:
			port["protocol"] = pick(p.dice, "TCP", "UDP", "SCTP")
		case 3:
			s.put(nil)
		}
	}),
	at(workloads+`.*[cC]ontainers\[\]$`, func(p *person, s site) {
		ports, _ := s.fields()["ports"].([]any)
		s.fields()["ports"] = append(slices.Clone(ports), any(written("%s", pick(p.dice, portsOfApps...))))
	}),
	at(workloads+`.*(template.spec|^Pod:spec)$`, func(p *person, s site) {
		if s.fields()["hostNetwork"] == true {
			delete(s.fields(), "hostNetwork")
			return
		}
		s.fields()["hostNetwork"] = p.below(3) > 0
	}),
	at(`^(Deployment|StatefulSet|ReplicaSet):spec$`, func(p *person, s site) { s.fields()["replicas"] = float64(p.below(3)) }),
	at(`^(Deployment|StatefulSet|DaemonSet|ReplicaSet):spec$`, func(p *person, s site) {
		s.object.Body["kind"] = pick(p.dice, "Deployment", "StatefulSet", "DaemonSet")
	}),
	at(workloads+`(.*template.)?metadata$`, relabel),
	at(workloads+`(.*template.)?metadata$`, relabel),
	at(`^Namespace:metadata.labels$`, func(p *person, s site) { s.put(written("%s", p.namespaceLabels())) }),
	at(`^Namespace:metadata$`, func(p *person, s site) { delete(s.fields(), "labels") }),
	at(`^Service:spec$`, func(p *person, s site) { s.object.Body["spec"] = p.service().Body["spec"] }),
	at(`^Pod:status$`, func(p *person, s site) { s.put(nil) }),
}

// mistakes are edits that an API server refuses.
var mistakes = []change{
	at(`^NetworkPolicy:.*ports\[\]$`, func(p *person, s site) {
		s.put(written("%s", pick(p.dice, `port: "80"`, "{port: 80, endPort: 79}", "{port: http, endPort: 90}", "{port: 80, protocol: tcp}", "port: 65536", "port: 0", "{endPort: 90}", "{port: 80, protocol: ICMP}", "port: 80.5", "port: -http")))
	}),
	at(`^NetworkPolicy:.*(from|to)\[\]$`, func(p *person, s site) {
		s.put(written("%s", pick(p.dice, "{}", "{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}", "{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}", "{ipBlock: {cidr: 10.0.0.0}}", "{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}", "{ipBlock: {}}", "{ipBlock: {cidr: 10.0.0.0/33}}", "podSelector: []", "podSelector: {matchLabels: [app]}")))
	}),
	at(`^NetworkPolicy:.*(pod|namespace)Selector$`, func(p *person, s site) {
		s.put(written("%s", pick(p.dice, "{matchExpressions: [{key: app, operator: In}]}", "{matchExpressions: [{key: app, operator: Exists, values: [web]}]}", "{matchExpressions: [{key: app, operator: Gt, values: ['1']}]}", "{matchLabels: {app: 1}}", "{matchLabels: {app: true}}", "{matchLabels: {app: 'a b'}}", "{matchLabels: {'a b': x}}", "{matchExpressions: [{operator: Exists}]}")))
	}),
	at(`^NetworkPolicy:spec.policyTypes$`, func(p *person, s site) {
		s.put(pick(p.dice, any([]any{"ingress"}), any([]any{"Ingress", "Egress", "Ingress"}), any("Ingress"), any([]any{"Both"})))
	}),
}

// apart makes a peer of two conditions two peers.
func apart(peers []any) []any {
	var out []any
	for _, one := range peers {
		for _, key := range slices.Sorted(maps.Keys(one.(map[string]any))) {
			out = append(out, map[string]any{key: one.(map[string]any)[key]})
		}
	}
	return out
}

func move(p *person, s site) {
	if to := pick(p.dice, places...); to != "" {
		s.fields()["namespace"] = to
	} else {
		delete(s.fields(), "namespace")
	}
}

// relabel changes the labels of pods, and the selector that has to agree with them.
func relabel(p *person, s site) {
	kind, _, _ := strings.Cut(s.path, ":")
	if kind != "Pod" && !strings.Contains(s.path, "template") {
		return // its own labels select nobody
	}
	app := pick(p.dice, append(apps, "operator")...)
	labels := written("%s", p.podLabels(app))
	if old, ok := s.fields()["labels"].(map[string]any); ok && p.oneIn(2) {
		labels = copied(old).(map[string]any)
		labels["tier"] = pick(p.dice, levels...)
	}
	s.fields()["labels"] = labels
	spec := s.object.Body["spec"].(map[string]any)
	switch selector := spec["selector"].(type) {
	case map[string]any:
		if selector["matchLabels"] != nil {
			selector["matchLabels"] = copied(labels)
		} else {
			spec["selector"] = copied(labels)
		}
	}
}

// edit makes one edit, of a part of an object or of the whole.
func (p *person) edit(head Manifests) Manifests {
	switch p.below(12) {
	case 0:
		return append(head, p.policy())
	case 1:
		if len(head) > 1 {
			i := p.below(len(head))
			return slices.Delete(head, i, i+1)
		}
	case 2:
		i := p.below(len(head))
		return append(head, Manifest{copied(head[i].Body).(map[string]any), head[i].Refused}) // pasted twice
	case 3:
		return append(head, p.workload(p.name("new")))
	case 4:
		if p.oneIn(2) {
			if s, ok := p.choose(head, mistakes); ok {
				s.object.Refused = true
			}
			return head
		}
	}
	p.choose(head, changes)
	return head
}

// choose makes one of some changes, and tells where.
func (p *person) choose(head Manifests, from []change) (site, bool) {
	for range 20 {
		c := pick(p.dice, from...)
		var found []site
		for i := range head {
			for _, s := range sites(&head[i]) {
				if !head[i].Refused && s.put != nil && c.where.MatchString(s.path) && s.value != nil {
					found = append(found, s)
				}
			}
		}
		if len(found) == 0 {
			continue
		}
		s := found[p.below(min(len(found), 256))]
		c.do(p, s)
		return s, true
	}
	return site{}, false
}

package hygiene_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/hygiene"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/internal/generate"
	"github.com/netpol-impact/netpol-impact/internal/naive"
	"github.com/netpol-impact/netpol-impact/manifest"
)

func state(t *testing.T, c *generate.Cluster) *cluster.State {
	t.Helper()
	objects, problems := manifest.Read("generated.yaml", []byte(strings.Join(c.Documents(), "---\n")))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return cluster.Build(objects, config.Config{})
}

// verdicts is what every pod may do with every pod and with some addresses.
func verdicts(t *testing.T, c *generate.Cluster) string {
	t.Helper()
	n, _ := c.Naive()
	e, err := naive.New(n)
	if err != nil {
		t.Fatal(err)
	}
	var peers []naive.Peer
	for _, p := range n.Pods {
		peers = append(peers, naive.Peer{Pod: p})
	}
	for _, a := range []string{"10.0.0.1", "10.0.0.3", "10.0.0.5", "10.0.1.1", "1.2.3.4", "1.2.3.5", "192.168.0.1", "192.168.0.9", "8.8.8.8", "fd00::1", "fd00::5", "2001:db8:1::1"} {
		peers = append(peers, naive.Peer{Address: netip.MustParseAddr(a)})
	}
	var out strings.Builder
	for _, source := range peers {
		for _, destination := range peers {
			between := e.Between(source, destination)
			for _, protocol := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP} {
				for _, port := range []int{1, 53, 80, 81, 443, 1024, 8080, 8081, 65535} {
					if between.Allowed(protocol, port) {
						out.WriteByte('1')
					} else {
						out.WriteByte('0')
					}
				}
			}
		}
	}
	return out.String()
}

// without is a cluster without what a policy says twice; ok tells that it could be taken out.
func without(c *generate.Cluster, key string, r hygiene.Redundancy) (out *generate.Cluster, ok bool) {
	out = c.Clone()
	for i, p := range out.NetworkPolicies {
		if "networking.k8s.io/NetworkPolicy/"+p.Namespace+"/"+p.Name != key {
			continue
		}
		p = p.DeepCopy()
		out.NetworkPolicies[i] = p
		switch {
		case r.Direction == policy.Ingress && r.Peer < 0:
			p.Spec.Ingress = slices.Delete(p.Spec.Ingress, r.Rule, r.Rule+1)
		case r.Direction == policy.Ingress:
			p.Spec.Ingress[r.Rule].From = slices.Delete(p.Spec.Ingress[r.Rule].From, r.Peer, r.Peer+1)
		case r.Peer < 0:
			p.Spec.Egress = slices.Delete(p.Spec.Egress, r.Rule, r.Rule+1)
		default:
			p.Spec.Egress[r.Rule].To = slices.Delete(p.Spec.Egress[r.Rule].To, r.Peer, r.Peer+1)
		}
		return out, true
	}
	if r.Peer >= 0 {
		return nil, false // a peer as written may be several
	}
	for i, p := range out.ClusterPolicies {
		if "policy.networking.k8s.io/ClusterNetworkPolicy//"+p.Name == key {
			p = p.DeepCopy()
			out.ClusterPolicies[i] = p
			if r.Direction == policy.Ingress {
				p.Spec.Ingress = slices.Delete(p.Spec.Ingress, r.Rule, r.Rule+1)
			} else {
				p.Spec.Egress = slices.Delete(p.Spec.Egress, r.Rule, r.Rule+1)
			}
			return out, true
		}
	}
	for i, p := range out.Admin {
		if "policy.networking.k8s.io/AdminNetworkPolicy//"+p.Name == key {
			p = p.DeepCopy()
			out.Admin[i] = p
			if r.Direction == policy.Ingress {
				p.Spec.Ingress = slices.Delete(p.Spec.Ingress, r.Rule, r.Rule+1)
			} else {
				p.Spec.Egress = slices.Delete(p.Spec.Egress, r.Rule, r.Rule+1)
			}
			return out, true
		}
	}
	return nil, false
}

func TestWithoutWhatIsRedundantNothingChanges(t *testing.T) {
	rules, peers := 0, 0
	for seed := range uint64(300) {
		_, c := generate.Random(seed)
		before := ""
		for _, p := range state(t, c).Policies {
			for _, r := range hygiene.Redundancies(p) {
				less, ok := without(c, p.Object.Key(), r)
				if !ok {
					continue
				}
				if before == "" {
					before = verdicts(t, c)
				}
				if r.Peer < 0 {
					rules++
				} else {
					peers++
				}
				if verdicts(t, less) != before {
					t.Fatalf("seed %d: %s is not the same without %+v\n%s", seed, p.Object, r, strings.Join(c.Documents(), "---\n"))
				}
			}
		}
	}
	if rules < 50 || peers < 10 {
		t.Errorf("only %d rules and %d peers were redundant", rules, peers)
	}
	t.Logf("took out %d rules and %d peers", rules, peers)
}

func TestASelectorSaidToBeEmptyMatchesNoPod(t *testing.T) {
	subjects, named := 0, 0
	for seed := range uint64(100) {
		base, head := generate.Random(seed)
		before, after := state(t, base), state(t, head)
		m := reach.New(before, after, reach.Options{})
		for _, r := range (&hygiene.Change{Model: m, Base: before, Head: after}).Check(true) {
			i := slices.IndexFunc(head.NetworkPolicies, func(p *networkingv1.NetworkPolicy) bool {
				return "networking.k8s.io/NetworkPolicy/"+p.Namespace+"/"+p.Name == r.Object.Key()
			})
			if i < 0 {
				continue
			}
			p := head.NetworkPolicies[i]
			switch r.Rule {
			case "H2", "H3", "H4":
				subjects++
				if w := selected(t, head, p.Namespace, &p.Spec.PodSelector); w != "" {
					t.Fatalf("seed %d: %s, but it selects %s", seed, r.Title, w)
				}
			case "H9":
				named++
				if w := naming(t, head, p, r.Title); w != "" {
					t.Fatalf("seed %d: %s, but %s does", seed, r.Title, w)
				}
			}
		}
	}
	if subjects < 20 {
		t.Errorf("only %d policies selected nothing", subjects)
	}
	t.Logf("%d policies without pods, %d names of ports", subjects, named)
}

// TestWhatTheChangeLeavesAloneHasNoNewRemark holds the shortcut for what is not touched to looking at everything.
func TestWhatTheChangeLeavesAloneHasNoNewRemark(t *testing.T) {
	told := 0
	for seed := range uint64(150) {
		base, head := generate.Random(seed)
		read := make(map[string][]*manifest.Object)
		var states [2]*cluster.State
		for s, c := range []*generate.Cluster{base, head} {
			var objects []*manifest.Object
			for _, text := range c.Documents() {
				if read[text] == nil {
					read[text], _ = manifest.Read("generated.yaml", []byte(text))
				}
				objects = append(objects, read[text]...)
			}
			states[s] = cluster.Build(objects, config.Config{})
		}
		c := hygiene.Change{Model: reach.New(states[0], states[1], reach.Options{}), Base: states[0], Head: states[1]}
		got, want := make(map[string]bool), make(map[string]bool)
		for _, r := range c.Check(false) {
			got[r.Identity()] = true
		}
		for _, r := range c.New() {
			want[r.Identity()] = true
		}
		for id := range want {
			if !got[id] {
				t.Errorf("seed %d: %s is not told", seed, id)
			}
		}
		for id := range got {
			if !want[id] {
				t.Errorf("seed %d: %s is told", seed, id)
			}
		}
		told += len(got)
	}
	t.Logf("%d remarks", told)
}

func selected(t *testing.T, c *generate.Cluster, namespace string, s *metav1.LabelSelector) string {
	t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		t.Fatal(err)
	}
	_, workloads := c.Naive()
	for _, w := range workloads {
		if w.Pod.Namespace == namespace && !w.Pod.Spec.HostNetwork && selector.Matches(labels.Set(w.Pod.Labels)) {
			return fmt.Sprint(w.Kind, " ", w.Pod.Name)
		}
	}
	return ""
}

// naming is a pod that the policy selects and that names a port, where an ingress rule's port is said to have no name.
func naming(t *testing.T, c *generate.Cluster, p *networkingv1.NetworkPolicy, title string) string {
	t.Helper()
	_, rest, ok := strings.Cut(title, "it selects names a ")
	if !ok {
		return ""
	}
	words := strings.Fields(strings.TrimSuffix(rest, "?"))
	protocol, name := "", ""
	if words[0] == "port" {
		name = strings.TrimSuffix(words[1], ":")
	} else {
		protocol, name = words[0], strings.TrimSuffix(words[2], ":")
	}
	selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
	if err != nil {
		t.Fatal(err)
	}
	_, workloads := c.Naive()
	for _, w := range workloads {
		if w.Pod.Namespace != p.Namespace || w.Pod.Spec.HostNetwork || !selector.Matches(labels.Set(w.Pod.Labels)) {
			continue
		}
		for _, container := range w.Pod.Spec.Containers {
			for _, port := range container.Ports {
				own := string(port.Protocol)
				if own == "" {
					own = "TCP"
				}
				if port.Name == name && (protocol == "" || protocol == own) {
					return w.Pod.Name
				}
			}
		}
	}
	return ""
}

package cilium

import (
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/netip"
	"slices"
	"sync"

	"github.com/cilium/cilium/pkg/crypto/certificatemanager"
	"github.com/cilium/cilium/pkg/endpoint/regeneration"
	envoypolicy "github.com/cilium/cilium/pkg/envoy/policy"
	"github.com/cilium/cilium/pkg/identity"
	"github.com/cilium/cilium/pkg/identity/identitymanager"
	"github.com/cilium/cilium/pkg/k8s"
	ciliumio "github.com/cilium/cilium/pkg/k8s/apis/cilium.io"
	v2 "github.com/cilium/cilium/pkg/k8s/apis/cilium.io/v2"
	slimnetworking "github.com/cilium/cilium/pkg/k8s/slim/k8s/api/networking/v1"
	"github.com/cilium/cilium/pkg/labels"
	"github.com/cilium/cilium/pkg/option"
	ciliumpolicy "github.com/cilium/cilium/pkg/policy"
	"github.com/cilium/cilium/pkg/policy/api"
	"github.com/cilium/cilium/pkg/policy/types"
	"github.com/cilium/cilium/pkg/policy/utils"
	testcertificatemanager "github.com/cilium/cilium/pkg/testutils/certificatemanager"
	testpolicy "github.com/cilium/cilium/pkg/testutils/policy"
	pkgtypes "github.com/cilium/cilium/pkg/types"
	"github.com/cilium/cilium/pkg/u8proto"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/network-policy-api/apis/v1alpha2"
	"sigs.k8s.io/yaml"

	"github.com/netpol-impact/netpol-impact/impact/policy"
)

const clusterName = "default"

func init() {
	option.Config.EnableIPv4, option.Config.EnableIPv6 = true, true
	option.Config.EnableSCTP = true
	option.Config.EnableICMPRules = true
	option.Config.EnableNodeSelectorLabels = true
	option.Config.EnableL7Proxy = true
	option.Config.UnsafeDaemonConfigOption.AllowLocalhost = option.AllowLocalhostAlways
	ciliumpolicy.SetPolicyEnabled(option.DefaultEnforcement)
	api.InitEntities(clusterName)
}

// network is Cilium's policies of a cluster.
type network struct {
	ids      map[end]*identity.Identity
	policies map[end]*ciliumpolicy.EndpointPolicy
}

// newNetwork gives documents to Cilium as its agent takes them from the API server.
func newNetwork(documents []string, all []end) (*network, error) {
	logger := slog.New(slog.DiscardHandler)
	d, err := readAll(logger, documents)
	if err != nil {
		return nil, err
	}
	n := &network{ids: make(map[end]*identity.Identity), policies: make(map[end]*ciliumpolicy.EndpointPolicy)}
	// Every agent knows the identities that Cilium reserves. Those that stand for many others are left out: a namespace selector
	// that only excludes selects them, too, for they have no namespace, and would open what it excludes.
	known := make(identity.IdentityMap)
	identity.IterateReservedIdentities(func(id identity.NumericIdentity, reserved *identity.Identity) {
		if !slices.Contains(ciliumpolicy.AllAggregates, id) {
			known[id] = reserved.LabelArray
		}
	})
	ports := pkgtypes.NewNamedPortMultiMap()
	for i, e := range all {
		var id *identity.Identity
		switch {
		case e.pod != "":
			id = identity.NewIdentity(identity.NumericIdentity(10_000+i), podLabels(d.pods[e.pod], d.namespaces))
			ports.Update(id.ID, nil, namedPorts(d.pods[e.pod]))
		case e.entity != "":
			id = identity.LookupReservedIdentity(identity.GetReservedID(e.entity))
		default:
			id = identity.NewIdentity(identity.IdentityScopeLocal+identity.NumericIdentity(i+1), outsideLabels(e.address, d.groups))
		}
		if id == nil {
			return nil, fmt.Errorf("Cilium has no identity of %s", e)
		}
		n.ids[e], known[id.ID] = id, id.LabelArray
	}
	manager := identitymanager.NewIDManager(logger)
	repository := ciliumpolicy.NewPolicyRepository(logger, nil, &testcertificatemanager.Fake{},
		envoypolicy.NewEnvoyL7RulesTranslator(logger, certificatemanager.NewMockSecretManagerInline()), manager, testpolicy.NewPolicyMetricsNoop())
	repository.SetNamedPortsGetter(portsGetter{ports})
	// There are two caches, of those whom policies govern and of their peers.
	var done sync.WaitGroup
	repository.GetSelectorCache().UpdateIdentities(maps.Clone(known), nil, &done)
	done.Wait()
	repository.UpdateIdentities(known, nil)
	repository.MustAddPolicyEntries(d.entries)
	for e, id := range n.ids {
		if e.pod == "" {
			continue
		}
		manager.Add(id)
		computed, _, err := repository.ComputeSelectorPolicy(id)
		if err != nil {
			return nil, err
		}
		p := computed.DistillPolicy(logger, owner{id: uint64(id.ID), ports: namedPorts(d.pods[e.pod])}, map[string]uint16{ciliumpolicy.FallbackRedirectID: math.MaxUint16})
		p.Ready()
		p.Detach(logger)
		computed.Supersede()
		n.policies[e] = p
	}
	return n, nil
}

// objects are documents, as Cilium reads them.
type objects struct {
	pods       map[string]*corev1.Pod
	namespaces map[string]map[string]string
	groups     []*v2.CiliumCIDRGroup
	entries    types.PolicyEntries
}

func readAll(logger *slog.Logger, documents []string) (*objects, error) {
	d := &objects{pods: make(map[string]*corev1.Pod), namespaces: make(map[string]map[string]string)}
	for _, text := range documents {
		if err := d.read(logger, text); err != nil {
			return nil, fmt.Errorf("%w\n%s", err, text)
		}
	}
	return d, nil
}

func (d *objects) read(logger *slog.Logger, text string) error {
	var head metav1.TypeMeta
	if err := yaml.Unmarshal([]byte(text), &head); err != nil {
		return err
	}
	var found types.PolicyEntries
	var rules api.Rules
	var err error
	switch head.Kind {
	case "Namespace":
		var n corev1.Namespace
		if err = yaml.Unmarshal([]byte(text), &n); err == nil {
			d.namespaces[n.Name] = n.Labels
		}
	case "Pod":
		var p corev1.Pod
		if err = yaml.Unmarshal([]byte(text), &p); err == nil {
			d.pods[p.Namespace+"/"+p.Name] = &p
		}
	case "CiliumCIDRGroup":
		var g v2.CiliumCIDRGroup
		err = yaml.Unmarshal([]byte(text), &g)
		d.groups = append(d.groups, &g)
	case "NetworkPolicy":
		var p slimnetworking.NetworkPolicy
		if err = yaml.Unmarshal([]byte(text), &p); err == nil {
			found, err = k8s.ParseNetworkPolicy(logger, clusterName, &p)
		}
	case "ClusterNetworkPolicy":
		var p v1alpha2.ClusterNetworkPolicy
		if err = yaml.Unmarshal([]byte(text), &p); err == nil {
			found, err = k8s.ParseClusterNetworkPolicy(logger, clusterName, &p)
		}
	case "CiliumNetworkPolicy":
		var p v2.CiliumNetworkPolicy
		if err = yaml.Unmarshal([]byte(text), &p); err == nil {
			rules, err = p.Parse(logger, clusterName)
		}
	case "CiliumClusterwideNetworkPolicy":
		var p v2.CiliumClusterwideNetworkPolicy
		if err = yaml.Unmarshal([]byte(text), &p); err == nil {
			rules, err = p.Parse(logger, clusterName)
		}
	default:
		return fmt.Errorf("Cilium is not given a %s", head.Kind)
	}
	d.entries = append(append(d.entries, found...), utils.RulesToPolicyEntries(rules)...)
	return err
}

// podLabels are those of a pod's identity. Its name is one of them, so that no two pods share an identity and with it the
// numbers that they give to ports.
func podLabels(pod *corev1.Pod, namespaces map[string]map[string]string) labels.Labels {
	account := pod.Spec.ServiceAccountName
	if account == "" {
		account = "default"
	}
	out := map[string]string{
		ciliumio.PodNamespaceLabel: pod.Namespace, ciliumio.PolicyLabelCluster: clusterName,
		ciliumio.PolicyLabelServiceAccount: account, "judge/pod": pod.Name,
		ciliumio.PodNamespaceMetaLabels + "." + corev1.LabelMetadataName: pod.Namespace,
	}
	for k, v := range namespaces[pod.Namespace] {
		out[ciliumio.PodNamespaceMetaLabels+"."+k] = v
	}
	for k, v := range pod.Labels {
		out[k] = v
	}
	return labels.Map2Labels(out, labels.LabelSourceK8s)
}

// outsideLabels are those of an address, with the groups that have it.
func outsideLabels(a netip.Addr, groups []*v2.CiliumCIDRGroup) labels.Labels {
	out := labels.GetCIDRLabels(netip.PrefixFrom(a, a.BitLen()))
	for _, g := range groups {
		for _, text := range g.Spec.ExternalCIDRs {
			if p, err := netip.ParsePrefix(string(text)); err == nil && p.Contains(a) {
				l := api.LabelForCIDRGroupRef(g.Name)
				out[l.Key] = l
				for k, v := range g.Labels { // twice, as its watcher of groups does
					l := labels.NewLabel(k, v, labels.LabelSourceCIDRGroup)
					encoded := labels.EncodedCIDRGroupLabel(l.Key, l.Value, l.Source)
					out[l.Key], out[encoded.Key] = l, encoded
				}
			}
		}
	}
	return out
}

func namedPorts(pod *corev1.Pod) pkgtypes.NamedPortMap {
	out := make(pkgtypes.NamedPortMap)
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name != "" {
				_ = out.AddPort(p.Name, int(p.ContainerPort), string(p.Protocol))
			}
		}
	}
	return out
}

// allows tells whether Cilium lets a connection through: by the egress of a source and the ingress of a destination that are
// pods.
func (n *network) allows(source, destination end, q policy.PortRange) bool {
	if p := n.policies[source]; p != nil && !isAllowed(p, ciliumpolicy.EgressKey(), n.ids[destination], q) {
		return false
	}
	p := n.policies[destination]
	return p == nil || isAllowed(p, ciliumpolicy.IngressKey(), n.ids[source], q)
}

func isAllowed(p *ciliumpolicy.EndpointPolicy, key ciliumpolicy.Key, peer *identity.Identity, q policy.PortRange) bool {
	protocol := map[policy.Protocol]u8proto.U8proto{
		policy.TCP: u8proto.TCP, policy.UDP: u8proto.UDP, policy.SCTP: u8proto.SCTP, policy.ICMP: u8proto.ICMP, policy.ICMPv6: u8proto.ICMPv6,
	}[q.Protocol]
	port := q.From
	if !q.Protocol.HasPorts() {
		port >>= 8 // the type of a message is its port to Cilium, which knows no codes
	}
	entry, _, _ := p.Lookup(key.WithIdentity(peer.ID).WithPortProto(protocol, uint16(port)))
	return !entry.IsDeny()
}

type portsGetter struct{ ports pkgtypes.NamedPortMultiMap }

func (g portsGetter) GetNamedPorts() pkgtypes.NamedPortMultiMap { return g.ports }

// owner is the endpoint that a policy is computed for.
type owner struct {
	id    uint64
	ports pkgtypes.NamedPortMap
}

var _ ciliumpolicy.PolicyOwner = owner{}

func (o owner) GetID() uint64 { return o.id }

func (o owner) GetIngressNamedPort(name string, proto u8proto.U8proto) uint16 {
	p, err := o.ports.GetNamedPort(name, proto)
	if err != nil {
		return 0
	}
	return p
}

func (o owner) PolicyDebug(string, ...any) {}

func (o owner) IsHost() bool { return false }

func (o owner) PreviousMapStateSizes() ciliumpolicy.MapStateSizes {
	return ciliumpolicy.MapStateSizes{}
}

func (o owner) RegenerateIfAlive(*regeneration.ExternalRegenerationMetadata) <-chan bool {
	done := make(chan bool)
	close(done)
	return done
}

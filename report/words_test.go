package report

import (
	"testing"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

func TestPortsInWords(t *testing.T) {
	most := func(p policy.Protocol) []policy.PortRange {
		return []policy.PortRange{{Protocol: p, From: 1, To: 52}, {Protocol: p, From: 54, To: 65535}}
	}
	for want, ranges := range map[string][]policy.PortRange{
		"no port":                          nil,
		"TCP 80, 443":                      port(policy.TCP, 443, 80, 80),
		"TCP 80–81":                        port(policy.TCP, 80, 81),
		"TCP 8000–9000":                    {{Protocol: policy.TCP, From: 8000, To: 9000}},
		"TCP and UDP 53":                   append(port(policy.UDP, 53), port(policy.TCP, 53)...),
		"TCP 53, 80; UDP 53":               append(port(policy.UDP, 53), port(policy.TCP, 53, 80)...),
		"all TCP ports":                    every(policy.TCP),
		"all TCP and UDP ports":            every(policy.UDP, policy.TCP),
		"all ports":                        anyPort,
		"all TCP ports except 53":          most(policy.TCP),
		"all ports except TCP and UDP 53":  append(append(most(policy.TCP), most(policy.UDP)...), every(policy.SCTP)...),
		"all ports except TCP 53":          append(most(policy.TCP), every(policy.UDP, policy.SCTP)...),
		"TCP 1, 3, 5, 7, 9, 11 and 2 more": port(policy.TCP, 1, 3, 5, 7, 9, 11, 13, 15),
	} {
		if got := portWords(ranges); got != want {
			t.Errorf("portWords(%v) = %q, want %q", ranges, got, want)
		}
	}
}

func TestAddressesInWords(t *testing.T) {
	for want, blocks := range map[string][]string{
		"the internet (any address)":      {"0.0.0.0/0", "::/0"},
		"the internet (any IPv4 address)": {"0.0.0.0/0"},
		"the internet (any IPv6 address)": {"::/0"},
		"the internet (any IPv4 address except 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16)": publicIPv4,
		"the internet (any address except 0.0.0.0/2)":                                         {"128.0.0.0/1", "64.0.0.0/2", "::/0"},
		"10.0.0.0/8":                  {"10.0.0.0/8"},
		"10.0.0.0/9":                  {"10.64.0.0/10", "10.0.0.0/10"},
		"169.254.169.254 and fd00::1": {"169.254.169.254/32", "fd00::1/128"},
		"10.0.0.0/24, 10.0.2.0/24, 10.0.4.0/24, 10.0.6.0/24 and 2 more blocks": {"10.0.0.0/24", "10.0.2.0/24", "10.0.4.0/24", "10.0.6.0/24", "10.0.8.0/24", "10.0.10.0/24"},
	} {
		if got := addressWords(addresses(blocks...).External.CIDRs); got != want {
			t.Errorf("addressWords(%v) = %q, want %q", blocks, got, want)
		}
	}
}

// TestPeersInWords: "all" and "any" are said only where they hold for every workload that is known.
func TestPeersInWords(t *testing.T) {
	known := append(pods("shop", "a", "b", "c", "d", "e", "f"), pods("web", "x", "y")...)
	shop := pods("shop", "a", "b", "c", "d", "e", "f")
	statefulSet := impact.Peer{Workload: &impact.WorkloadID{Kind: "StatefulSet", Namespace: "shop", Name: "a"}}
	join := func(lists ...[]impact.Peer) (all []impact.Peer) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	anyPod, anyInShop := []impact.Peer{potential("*", "*")}, []impact.Peer{potential("shop", "*")}
	for want, list := range map[string][]impact.Peer{
		"nothing":            nil,
		"shop/a":             pods("shop", "a"),
		"a, b and c in shop": pods("shop", "a", "b", "c"),
		"a (Deployment) and a (StatefulSet) in shop":                join(pods("shop", "a"), []impact.Peer{statefulSet}),
		"all 6 workloads in shop":                                   shop,
		"all workloads in shop except f (5)":                        shop[:5],
		"all 8 workloads":                                           known,
		"a, b, c and d in shop; web/x":                              join(shop[:4], pods("web", "x")),
		"any pod in shop (6 workloads)":                             join(shop, anyInShop),
		"any pod in shop except a (5 workloads)":                    join(shop[1:], anyInShop),
		"a and b in shop; pods not in these manifests, in shop":     join(shop[:2], anyInShop),
		"pods not in these manifests, in shop":                      anyInShop,
		"any pod in other":                                          {potential("other", "*")},
		"any pod in any namespace (8 workloads)":                    join(known, anyPod),
		"any pod except shop/a (7 workloads)":                       join(known[1:], anyPod),
		"shop/a; pods not in these manifests, in any namespace":     join(shop[:1], anyPod),
		"pods not in these manifests, in any namespace":             anyPod,
		"shop/a; pods app=web in other; the internet (any address)": join(shop[:1], []impact.Peer{potential("other", "app=web"), internet}),
		"pods app=web in namespaces team=a":                         {potential("team=a", "app=web")},
		"any pod in namespaces team=a":                              {potential("team=a", "*")},
		"api.example.com":                                           {{Name: "api.example.com"}},
	} {
		book := newPhrasebook(plainMarkup{}, ids(known))
		if got := book.peers(list); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	// Nothing is known: nothing is called all.
	book := newPhrasebook(plainMarkup{}, nil)
	for want, list := range map[string][]impact.Peer{
		"a, b and 4 more in shop":                                       shop,
		"any pod in any namespace":                                      anyPod,
		"a, b and 4 more in shop; pods not in these manifests, in shop": join(shop, anyInShop),
	} {
		if got := book.peers(list); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", -123: "-123"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) = %s", n, got)
		}
	}
}

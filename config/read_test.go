package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestReadFillsEverySetting(t *testing.T) {
	got, err := Read("c.yaml", []byte(`
targets:
- path: charts/app
  values: [charts/app/values-prod.yaml]
  release: app
  namespace: shop
  cluster: prod
namespaces:
  monitoring: {team: ops}
cni: cilium
podCIDRs: [10.244.0.0/16]
serviceCIDRs: [10.96.0.0/12]
dns:
- {namespace: dns, selector: app=coredns, port: 1053}
- addresses: [169.254.20.10]
internet-facing: {images: [edge]}
ingress-controllers:
- {namespace: edge, selector: app=proxy}
workloads:
- kind: apps.example.org/Website
  template: spec.template
sensitive:
  namespaces: [vault]
  images: [team/ledger]
  selectors: [tier=data]
gate:
  fail-on-opened: off
  fail-on-blocked: medium
comment: {when: failing, earlier: off}
report: {shown: 5, first: [prod], help: "https://wiki.example.org"}
accept-label: netpol-impact/accepted
critical-reviewers: [mona, acme/platform]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Targets:            []Target{{Path: "charts/app", Values: []string{"charts/app/values-prod.yaml"}, Release: "app", Namespace: "shop", Cluster: "prod"}},
		Namespaces:         map[string]Labels{"monitoring": {"team": "ops"}},
		CNI:                Cilium,
		PodCIDRs:           []string{"10.244.0.0/16"},
		ServiceCIDRs:       []string{"10.96.0.0/12"},
		DNS:                []NameServer{{Place: Place{Namespace: "dns", Selector: "app=coredns"}, Port: 1053}, {Place: Place{Addresses: []string{"169.254.20.10"}}}},
		InternetFacing:     Choice{Images: []string{"edge"}},
		IngressControllers: []Place{{Namespace: "edge", Selector: "app=proxy"}},
		Workloads:          []Workload{{Kind: "apps.example.org/Website", Template: "spec.template"}},
		Sensitive:          Choice{Namespaces: []string{"vault"}, Images: []string{"team/ledger"}, Selectors: []string{"tier=data"}},
		Gate:               Gate{FailOnOpened: Never, FailOnBlocked: "medium"},
		Comment:            Comment{When: WhenFailing, Earlier: NoComment},
		Report:             Report{Shown: 5, First: []string{"prod"}, Help: "https://wiki.example.org"},
		AcceptLabel:        "netpol-impact/accepted",
		CriticalReviewers:  []string{"mona", "acme/platform"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAnEmptyConfigurationHasEveryDefault(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n"} {
		got, err := Read("c.yaml", []byte(text))
		if err != nil || !reflect.DeepEqual(got, Config{}) {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}

func TestAMistakeIsToldWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"gates: {}\n":                                                         `c.yaml: line 1: there is no setting "gates"`,
		"gate:\n  fail-on-opened: hihg\n":                                     `c.yaml: line 2: gate.fail-on-opened: "hihg" is no threshold; use critical`,
		"gate: {}\ncni: Cillium\n":                                            `c.yaml: line 2: cni: "Cillium" is none of generic, cilium, calico`,
		"podCIDRs:\n- 10.0.0.0/8\n- nope\n":                                   `c.yaml: line 3: podCIDRs: "nope" is no block of addresses`,
		"serviceCIDRs:\n- 10.96.0.0\n":                                        `c.yaml: line 2: serviceCIDRs: "10.96.0.0" is no block of addresses such as 10.96.0.0/12`,
		"servceCIDRs: []\n":                                                   `c.yaml: line 1: there is no setting "servceCIDRs"; did you mean serviceCIDRs?`,
		"targets:\n- path: ../elsewhere\n":                                    `c.yaml: line 2: targets: "../elsewhere" is no path below`,
		"workloads:\n- kind: Website\n":                                       `c.yaml: line 2: workloads: "Website" is no group and kind`,
		"sensitive:\n  selectors: [a=b=c]\n":                                  `c.yaml: line 2: sensitive.selectors: "a=b=c" is no label selector`,
		"dns:\n- selector: app=dns\n":                                         `c.yaml: line 2: dns: "app=dns" is in no namespace`,
		"dns:\n- {port: 53}\n":                                                `c.yaml: line 2: dns: it names nothing`,
		"dns:\n- namespace: dns\n  port: 0x\n":                                `c.yaml: line 3: cannot unmarshal`,
		"dns:\n- namespace: dns\n  port: 70000\n":                             `c.yaml: line 3: dns: 70000 is no port`,
		"dns:\n- namespace: kube-*\n":                                         `c.yaml: line 2: dns: "kube-*" is no name`,
		"dns:\n- namespace: dns\n  selector: a>1\n":                           `c.yaml: line 3: dns: "a>1" compares numbers`,
		"dns:\n- adresses: [10.0.0.2]\n":                                      `c.yaml: line 2: there is no setting "adresses"; did you mean addresses?`,
		"clusters:\n  prod:\n    dns:\n    - addresses: [10.0.0.2, 10.0.0]\n": `c.yaml: line 4: clusters.prod.dns: "10.0.0" is no block`,
		"ingress-controllers:\n- {namespace: edge}\n- selector: app=proxy\n":  `c.yaml: line 3: ingress-controllers: "app=proxy" is in no namespace`,
		"clusters:\n  a:\n    internet-facing:\n      selectors: [a=b=c]\n":   `c.yaml: line 4: clusters.a.internet-facing.selectors: "a=b=c" is no label selector`,
		"internet-facing: {namespace: [edge]}\n":                              `c.yaml: line 1: there is no setting "namespace"; did you mean namespaces?`,
		"comment: {when: sometimes}\n":                                        `c.yaml: line 1: comment.when: "sometimes" is none of changed, failing, always`,
		"comment:\n  mode: off\n":                                             `c.yaml: line 2: there is no setting "mode"; there are earlier, when`,
		"comment:\n  earlier: hide\n":                                         `c.yaml: line 2: comment.earlier: "hide" is none of update, hide-and-new, delete-and-new, off`,
		"report:\n  show: 3\n":                                                `c.yaml: line 2: there is no setting "show"; did you mean shown?`,
		"report:\n  shown: 1000\n":                                            `c.yaml: line 2: report.shown: 1000 is no number of rows from 1 to 100`,
		"report:\n  help: javascript:alert(1)\n":                              `c.yaml: line 2: report.help: "javascript:alert(1)" is no address such as`,
		"targets: [\n":                                                        `c.yaml: line 2: did not find`,
		"targets:\n- release: no-path-here\n":                                 `c.yaml: line 2: targets: "" is no path`,
	} {
		_, err := Read("c.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("gate: {fail-on-opened: off}\n"))
	f.Add([]byte("targets:\n- path: a\n  values: [b]\npodCIDRs: [::/0]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := Read("c.yaml", text); err != nil && !strings.HasPrefix(err.Error(), "c.yaml: ") {
			t.Errorf("an error without its file: %v", err)
		}
	})
}

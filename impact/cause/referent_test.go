package cause

import (
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/manifest"
)

const referring = `apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {serviceAccountName: robot, containers: [{name: c, image: web, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, image: db, ports: [{containerPort: 80}]}]}
`

func TestWhatAPolicyRefersToIsTheCauseOfWhatItsChangeDoes(t *testing.T) {
	for _, test := range []struct {
		name, cni, same, base, head string
		object, change              string
	}{
		{
			name: "GlobalNetworkSet", cni: config.Calico,
			same: `
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {selector: "app == 'web'", types: [Egress], egress: [{action: Allow, destination: {selector: "role == 'partner'", namespaceSelector: "global()"}}]}
`,
			base:   "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\nmetadata: {name: partners, labels: {role: partner}}\nspec: {nets: [198.51.100.0/24]}\n",
			head:   "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkSet\nmetadata: {name: partners, labels: {role: partner}}\nspec: {nets: [203.0.113.0/24]}\n",
			object: "GlobalNetworkSet partners", change: "spec.nets[0]: 198.51.100.0/24 → 203.0.113.0/24; NetworkPolicy shop/web refers to it",
		},
		{
			name: "labels of a NetworkSet", cni: config.Calico,
			same: `
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {selector: "app == 'web'", types: [Egress], egress: [{action: Allow, destination: {selector: "role == 'partner'"}}]}
`,
			base:   "apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: partners, namespace: shop, labels: {role: partner}}\nspec: {nets: [198.51.100.0/24]}\n",
			head:   "apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: partners, namespace: shop, labels: {role: parter}}\nspec: {nets: [198.51.100.0/24]}\n",
			object: "NetworkSet shop/partners", change: "labels.role: partner → parter; NetworkPolicy shop/web refers to it",
		},
		{
			name: "Tier", cni: config.Calico,
			same: `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: early.web}
spec: {tier: early, selector: "app == 'web'", types: [Ingress], ingress: [{action: Allow, source: {selector: "app == 'db'"}}]}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: late.web}
spec: {tier: late, selector: "app == 'web'", types: [Ingress], ingress: [{action: Deny, source: {selector: "app == 'db'"}}]}
---
apiVersion: projectcalico.org/v3
kind: Tier
metadata: {name: late}
spec: {order: 20}
`,
			base:   "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: early}\nspec: {order: 10}\n",
			head:   "apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: early}\nspec: {order: 30}\n",
			object: "Tier early", change: "spec.order: 10 → 30; GlobalNetworkPolicy early.web refers to it",
		},
		{
			name: "CiliumCIDRGroup", cni: config.Cilium,
			same: `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec: {endpointSelector: {matchLabels: {app: web}}, egress: [{toCIDRSet: [{cidrGroupRef: partners}]}]}
`,
			base:   "apiVersion: cilium.io/v2alpha1\nkind: CiliumCIDRGroup\nmetadata: {name: partners}\nspec: {externalCIDRs: [198.51.100.0/24]}\n",
			head:   "apiVersion: cilium.io/v2alpha1\nkind: CiliumCIDRGroup\nmetadata: {name: partners}\nspec: {externalCIDRs: [198.51.100.0/24, 203.0.113.0/24]}\n",
			object: "CiliumCIDRGroup partners", change: "spec.externalCIDRs[1] added; CiliumNetworkPolicy shop/web refers to it",
		},
		{
			name: "Service of toServices", cni: config.Cilium,
			same: `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec: {endpointSelector: {matchLabels: {app: web}}, egress: [{toServices: [{k8sService: {serviceName: db, namespace: shop}}]}]}
`,
			base:   "apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: {selector: {app: db}, ports: [{port: 80}]}\n",
			head:   "apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: {selector: {app: dp}, ports: [{port: 80}]}\n",
			object: "Service shop/db", change: "spec.selector.app: db → dp; CiliumNetworkPolicy shop/web refers to it",
		},
		{
			name: "Service of a rule, gone", cni: config.Calico,
			same: `
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {selector: "app == 'web'", types: [Egress], egress: [{action: Allow, destination: {services: {name: db, namespace: shop}}}]}
`,
			base:   "apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\nspec: {selector: {app: db}, ports: [{port: 80}]}\n",
			object: "Service shop/db", change: "removed; NetworkPolicy shop/web refers to it",
		},
		{
			name: "labels of a ServiceAccount", cni: config.Calico,
			same: `
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {selector: "app == 'db'", types: [Ingress], ingress: [{action: Allow, source: {serviceAccounts: {selector: "role == 'client'"}}}]}
`,
			base:   "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: shop, labels: {role: client}}\n",
			head:   "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: shop, labels: {role: server}}\n",
			object: "ServiceAccount shop/robot", change: "labels.role: client → server; Pod shop/web runs as it",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			state := func(own string) *cluster.State {
				common, problems := manifest.Read("common.yaml", []byte(referring+"---"+test.same))
				objects, more := manifest.Read("own.yaml", []byte(own))
				if problems = append(problems, more...); len(problems) > 0 {
					t.Fatal(problems)
				}
				return cluster.Build(append(common, objects...), config.Config{CNI: test.cni})
			}
			base, head := state(test.base), state(test.head)
			m := reach.New(base, head, reach.Options{})
			_, effects, err := m.Effects(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(effects) == 0 {
				t.Fatal("nothing changes")
			}
			finder := New(m, base, head)
			for i := range effects {
				for _, subject := range effects[i].Subjects {
					causes := finder.Of(&effects[i], subject, nil).Causes
					if len(causes) == 0 {
						t.Fatal("no cause")
					}
					if c := causes[0]; c.Object != test.object || !strings.HasPrefix(c.Change, test.change) || c.File != "own.yaml" || c.Line == 0 {
						t.Errorf("got %+v", c)
					}
				}
			}
		})
	}
}

package impact

import (
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
)

const webPod = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: web, ports: [{name: http, containerPort: 8080}]}]}
---
`

const webService = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
`

const webIngress = webService + `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
`

const controller = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: ingress-nginx}
spec: {template: {metadata: {labels: {app: nginx}}, spec: {containers: [{name: c, image: "registry.k8s.io/ingress-nginx/controller:v1"}]}}}
---
`

// balancer is a Service of type LoadBalancer with more fields.
func balancer(more string) string {
	return strings.Replace(webService, "spec: {", "spec: {type: LoadBalancer, "+more, 1)
}

// letIn is a policy that lets peers reach web.
func letIn(from string) string {
	return `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: ` + from + `}
`
}

func rules(t *testing.T, base, head string, cfg config.Config) []string {
	t.Helper()
	var sides [2][]*manifest.Object
	for i, text := range []string{base, head} {
		objects, problems := manifest.Read("all.yaml", []byte(text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		sides[i] = objects
	}
	out, err := Compare(t.Context(), Input{Base: sides[0], Head: sides[1], Config: cfg, Hygiene: HygieneOff})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, f := range out.Cluster.Findings {
		ids = append(ids, f.Rule)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestPermittedByThePolicyIsNotExposedToTheInternet(t *testing.T) {
	const nobody, office = `[]`, `[{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]`
	const nginx = `[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]}]`
	for name, c := range map[string]struct{ context, base, head, want string }{
		"not exposed at all":                        {webPod + webService, nobody, office, "O8"},
		"a load balancer for all":                   {webPod + balancer(""), nobody, office, "O4"},
		"a load balancer for these addresses":       {webPod + balancer("loadBalancerSourceRanges: [203.0.113.128/25], "), nobody, office, "O4"},
		"a load balancer for other addresses":       {webPod + balancer("loadBalancerSourceRanges: [198.51.100.0/24], "), nobody, office, "O8"},
		"exposed on a port that stays closed":       {webPod + balancer(""), nobody, `[{from: [{ipBlock: {cidr: 203.0.113.0/24}}], ports: [{port: 9090}]}]`, "O8"},
		"an Ingress whose controller is not opened": {webPod + webIngress + controller, nobody, office, "O8"},
		"an Ingress whose controller is opened":     {webPod + webIngress + controller, nobody, nginx, "O4"},
		"another namespace behind an Ingress":       {webPod + webIngress + controller, nobody, `[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: crm}}}]}]`, "O8"},
		"an Ingress with an unknown controller":     {webPod + webIngress, nobody, nginx, "O4"},
		"the controller is shut out":                {webPod + webIngress + controller, nginx, nobody, "B4"},
		"an unknown controller may still come":      {webPod + webIngress, `[{from: [{namespaceSelector: {}}]}]`, `[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: edge}}}]}]`, "B8"},
		"a load balancer's clients are shut out":    {webPod + balancer(""), office, nobody, "B7"},
		"some clients of a load balancer are left":  {webPod + balancer(""), `[{from: [{ipBlock: {cidr: 203.0.113.0/24}}, {ipBlock: {cidr: 198.51.100.0/24}}]}]`, office, "B8"},
	} {
		if got := rules(t, c.context+letIn(c.base), c.context+letIn(c.head), config.Config{}); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: got %v, want %s", name, got, c.want)
		}
	}
}

func TestAKeptPortIsNoLostDependency(t *testing.T) {
	client := `
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: client}}
spec: {containers: [{name: c, env: [{name: WEB_URL, value: "http://web"}]}]}
---
`
	all, narrow := `[{from: [{podSelector: {}}]}]`, `[{from: [{podSelector: {}}], ports: [{port: http}]}]`
	if got := rules(t, webPod+webService+client+letIn(all), webPod+webService+client+letIn(narrow), config.Config{}); !slices.Equal(got, []string{"B9"}) {
		t.Errorf("narrowed to the port that is used: got %v", got)
	}
	other := strings.ReplaceAll(narrow, "http", "9090")
	if got := rules(t, webPod+webService+client+letIn(all), webPod+webService+client+letIn(other), config.Config{}); !slices.Contains(got, "B5") {
		t.Errorf("narrowed to another port: got %v", got)
	}
}

func TestTheConfigurationMakesAWorkloadSensitive(t *testing.T) {
	open := `[{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: crm}}}]}]`
	cfg := config.Config{Sensitive: config.Choice{Selectors: []string{"app=web"}}}
	if got := rules(t, webPod+letIn("[]"), webPod+letIn(open), cfg); !slices.Equal(got, []string{"O6"}) {
		t.Errorf("got %v", got)
	}
}

package cluster

import (
	"fmt"
	"slices"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
)

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web, ports: [{name: http, containerPort: 8080}, {name: admin, containerPort: 9000}]}]
---
`

const service = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: www, port: 80, targetPort: http}, {name: adm, port: 90, targetPort: admin}]}
---
`

func build(t *testing.T, cfg config.Config, text string) *State {
	t.Helper()
	objects, problems := manifest.Read("all.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s := Build(objects, cfg)
	if len(s.Diagnostics) > 0 {
		t.Fatal(s.Diagnostics)
	}
	return s
}

func TestExposureIsFoundOnThePortsThatTrafficGetsTo(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"Traefik's route": {web + service + `
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: front, namespace: edge}
spec: {routes: [{match: Host("a"), services: [{name: web, namespace: shop, port: www}, {kind: TraefikService, name: web}]}]}
`, []string{"IngressRoute edge/front [{TCP 8080 8080}] routed []"}},
		"Contour's route": {web + service + `
apiVersion: projectcontour.io/v1
kind: HTTPProxy
metadata: {name: front, namespace: shop}
spec: {routes: [{services: [{name: web, port: 80}]}], tcpproxy: {services: [{name: web, port: 90}]}}
`, []string{"HTTPProxy shop/front [{TCP 8080 8080}] routed []", "HTTPProxy shop/front [{TCP 9000 9000}] routed []"}},
		"Istio's route through a gateway": {web + service + `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: front, namespace: edge}
spec: {gateways: [mesh, edge/public], http: [{route: [{destination: {host: web.shop.svc.cluster.local, port: {number: 80}}}, {destination: {host: www.example.org}}]}]}
`, []string{"VirtualService edge/front [{TCP 8080 8080}] routed []"}},
		"Istio's route within the mesh": {web + service + `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: front, namespace: shop}
spec: {http: [{route: [{destination: {host: web}}]}]}
`, nil},
		"a ClusterIP Service exposes nothing": {web + service, nil},
		"a LoadBalancer": {web + `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
`, []string{"LoadBalancer Service shop/web [{TCP 8080 8080}] direct []"}},
		"a LoadBalancer with source ranges": {web + `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, loadBalancerSourceRanges: [203.0.113.0/24], selector: {app: web}, ports: [{port: 80, targetPort: http}]}
`, []string{"LoadBalancer Service shop/web [{TCP 8080 8080}] direct [203.0.113.0/24]"}},
		"a NodePort": {web + `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 9000}]}
`, []string{"NodePort Service shop/web [{TCP 9000 9000}] direct []"}},
		"external addresses": {web + `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {externalIPs: [198.51.100.7], selector: {app: web}, ports: [{port: 9000}]}
`, []string{"externalIPs of Service shop/web [{TCP 9000 9000}] direct []"}},
		"a host port": {`
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, ports: [{containerPort: 80, hostPort: 8000}, {containerPort: 81, hostPort: 81, hostIP: 127.0.0.1}]}]}
`, []string{"hostPort [{TCP 80 80}] direct []"}},
		"the host's network": {`
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {hostNetwork: true, containers: [{name: web, ports: [{containerPort: 80}]}]}
`, []string{"hostNetwork [{TCP 80 80}] direct []"}},
		"an Ingress by the port's name": {web + service + `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec: {rules: [{http: {paths: [{backend: {service: {name: web, port: {name: www}}}}]}}]}
`, []string{"Ingress shop/front [{TCP 8080 8080}] routed []"}},
		"an Ingress of the older form": {web + service + `
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: front, namespace: shop}
spec: {backend: {serviceName: web, servicePort: 90}}
`, []string{"Ingress shop/front [{TCP 9000 9000}] routed []"}},
		"a route of the Gateway API from another namespace": {web + service + `
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: front, namespace: edge}
spec: {rules: [{backendRefs: [{name: web, namespace: shop, port: 80}]}]}
`, []string{"GRPCRoute edge/front [{TCP 8080 8080}] routed []"}},
		"an OpenShift route by the pods' port": {web + service + `
apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: front, namespace: shop}
spec: {to: {kind: Service, name: web}, port: {targetPort: http}}
`, []string{"Route shop/front [{TCP 8080 8080}] routed []"}},
		"a Service whose endpoints are listed": {`
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: NodePort, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.1], targetRef: {kind: Pod, name: web}}]
`, []string{"NodePort Service shop/web [{TCP 80 80}] direct []"}},
	} {
		s := build(t, config.Config{}, c.text)
		exposures := Exposures(s, NewBackends(s))
		var got []string
		for _, w := range s.Workloads {
			for _, e := range exposures[w] {
				way := "direct"
				if e.Routed {
					way = "routed"
				}
				got = append(got, fmt.Sprint(e.By, " ", e.Ports.Ranges(), " ", way, " ", e.Sources))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestAConfiguredKindOwnsPods(t *testing.T) {
	s := build(t, config.Config{Workloads: []config.Workload{{Kind: "apps.example.org/Website", Template: "spec.site.template"}}}, `
apiVersion: apps.example.org/v1
kind: Website
metadata: {name: home, namespace: shop}
spec: {site: {template: {metadata: {labels: {app: home}}, spec: {containers: [{name: a, image: b}]}}}}
`)
	if len(s.Workloads) != 1 || s.Workloads[0].Kind != "Website" || s.Workloads[0].Labels["app"] != "home" {
		t.Errorf("got %+v", s.Workloads)
	}
}

package evidence

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// shop is what the tests' client can depend on: cart behind a Service, redis as a StatefulSet behind a headless one, and
// api in another namespace.
const shop = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app: cart}, annotations: {prometheus.io/scrape: "true", prometheus.io/port: "9090"}}, spec: {containers: [{name: c, ports: [{name: grpc, containerPort: 7070}, {name: metrics, containerPort: 9090}]}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {app: cart}}
spec: {selector: {app: cart}, ports: [{name: main, port: 80, targetPort: grpc}, {name: stats, port: 9090}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: shop}
spec: {template: {metadata: {labels: {app: redis}}, spec: {containers: [{name: r, ports: [{containerPort: 6379}]}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: redis, namespace: shop}
spec: {clusterIP: None, selector: {app: redis}, ports: [{port: 6379}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: back}
spec: {template: {metadata: {labels: {app: api}}, spec: {serviceAccountName: api, containers: [{name: a, ports: [{containerPort: 8443}]}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: back}
spec: {selector: {app: api}, ports: [{port: 443, targetPort: 8443}]}
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {type: ExternalName, externalName: api.back.svc.cluster.local}
---
`

func finder(t *testing.T, text string) (*Finder, *cluster.State) {
	t.Helper()
	objects, problems := manifest.Read("all.yaml", []byte(shop+text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s := cluster.Build(objects, config.Config{})
	if len(s.Diagnostics) > 0 {
		t.Fatal(s.Diagnostics)
	}
	return New(s, cluster.NewBackends(s)), s
}

func words(list []Dependency) []string {
	var out []string
	for _, d := range list {
		var ports []string
		for _, p := range d.Ports.Ranges() {
			ports = append(ports, fmt.Sprint(p.From))
		}
		out = append(out, fmt.Sprintf("%s %s: %s", d.Destination.Name, strings.Join(ports, ","), d.Text))
	}
	return out
}

func TestADependencyIsWhatTheNameServiceWouldResolve(t *testing.T) {
	for container, want := range map[string][]string{
		`env: [{name: CART_ADDR, value: "cart:80"}]`:                                                                   {"cart 7070: env CART_ADDR=cart:80"},
		`env: [{name: CART, value: "cart:81"}]`:                                                                        nil, // the Service has no such port
		`env: [{name: CART_SERVICE, value: cart}]`:                                                                     {"cart 7070,9090: env CART_SERVICE=cart"},
		`env: [{name: CART_HOST, value: cart}, {name: CART_PORT, value: "80"}]`:                                        {"cart 7070: env CART_HOST=cart"},
		`env: [{name: cartHost, value: cart.shop.svc.cluster.local.}]`:                                                 {"cart 7070,9090: env cartHost=cart.shop.svc.cluster.local"},
		`env: [{name: TITLE, value: the cart of the shop}]`:                                                            nil,
		`env: [{name: MODE, value: cart}]`:                                                                             nil,
		`env: [{name: DD_SERVICE, value: cart}]`:                                                                       nil,
		`env: [{name: X, value: "http://cart/items?id=redis:6379x"}]`:                                                  {"cart 7070: env X=http://cart"},
		`env: [{name: X, value: "https://cart/"}]`:                                                                     nil, // nothing is at port 443
		`env: [{name: X, value: "redis://user:secret@redis/0"}]`:                                                       {"redis 6379: env X=redis://redis"},
		`env: [{name: X, value: "jdbc:thing://redis-0.redis.shop:6379/x"}]`:                                            {"redis 6379: env X=thing://redis-0.redis.shop:6379"},
		`env: [{name: SEEDS, value: "redis-0.redis,redis-1.redis"}]`:                                                   {"redis 6379: env SEEDS=redis-0.redis"},
		`env: [{name: X_HOST, value: web-0.redis}]`:                                                                    nil,
		`env: [{name: X_URL, value: "https://api.back/v1"}]`:                                                           {"api 8443: env X_URL=https://api.back"},
		`env: [{name: X, value: api.back.svc}]`:                                                                        {"api 8443: env X=api.back.svc"},
		`env: [{name: X_HOST, value: api}]`:                                                                            nil, // another namespace
		`env: [{name: X_HOST, value: alias}]`:                                                                          {"api 8443: env X_HOST=alias"},
		`env: [{name: H, value: redis}, {name: X, value: "$(H):6379"}]`:                                                {"redis 6379: env X=redis:6379"},
		`args: ["--cart=cart:80", "-v"]`:                                                                               {"cart 7070: argument --cart=cart:80"},
		`args: ["--redis-host", redis]`:                                                                                {"redis 6379: argument --redis-host redis"},
		`args: ["--image", "registry/redis:6379"]`:                                                                     nil,
		`command: [sh, -c, "until nc -z redis 6379; do sleep 1; done"]`:                                                {"redis 6379: argument redis:6379"},
		`readinessProbe: {exec: {command: [check, "--cart=cart:80"]}}`:                                                 {"cart 7070: argument --cart=cart:80"},
		`lifecycle: {postStart: {exec: {command: [sh, -c, "curl http://cart/ready"]}}}`:                                {"cart 7070: argument http://cart"},
		`env: [{name: X_HOST, value: redis-1.redis.shop.svc.cluster.local}]`:                                           {"redis 6379: env X_HOST=redis-1.redis.shop.svc.cluster.local"},
		`env: [{name: X, value: "cart.shop:80"}, {name: Z, value: "cart.shop.svc:9090"}]`:                              {"cart 7070: env X=cart.shop:80", "cart 9090: env Z=cart.shop.svc:9090"},
		`env: [{name: X, value: "redis.other.svc:6379"}]`:                                                              nil, // no such namespace
		`envFrom: [{prefix: P_, configMapRef: {name: settings}}]`:                                                      {"cart 7070: env P_CART_ADDR=cart:80 (ConfigMap settings)"},
		`env: [{name: A, valueFrom: {configMapKeyRef: {name: settings, key: CART_ADDR}}}]`:                             {"cart 7070: env A=cart:80 (ConfigMap settings)"},
		`env: [{name: A, valueFrom: {configMapKeyRef: {name: missing, key: CART_ADDR}}}]`:                              nil,
		`command: [sh, -c, "until pg_isready -h redis -p 6379 -U x; do sleep 1; done; mysql --host=cart -P80 -e 'x'"]`: {"redis 6379: argument pg_isready -h redis", "cart 7070: argument mysql -h cart"},
		`command: [redis-cli, -h, redis, ping]`:                                                                        {"redis 6379: argument redis-cli -h redis"},
		`command: [/usr/bin/redis-cli], args: ["-h", $(H)], env: [{name: H, value: redis}]`:                            {"redis 6379: argument redis-cli -h redis"},
		`command: [psql, -h, redis]`:                                                                                   nil, // nothing is at its port
		`command: [sh, -c, "echo redis-cli -x redis; ls -h redis"]`:                                                    nil,
		`env: [{name: DSN, value: "u:p@tcp(redis:6379)/db"}]`:                                                          {"redis 6379: env DSN=redis:6379"},
		`env: [{name: TARGET, value: "dns:///cart:80"}]`:                                                               {"cart 7070: env TARGET=cart:80"},
		`env: [{name: URLS, value: "mongodb://cart:80,redis:6379/?x=y"}]`:                                              {"cart 7070: env URLS=mongodb://cart:80", "redis 6379: env URLS=redis:6379"},
		`env: [{name: OTHER_URL, value: "https://api.example.org"}, {name: P, value: "12:30 redis"}]`:                  nil,
	} {
		f, s := finder(t, `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {CART_ADDR: "cart:80"}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec: {containers: [{name: c, `+container+`}]}
`)
		client := s.Workloads[slices.IndexFunc(s.Workloads, func(w *cluster.Workload) bool { return w.Name == "client" })]
		if got := words(f.Dependencies(client)); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", container, got, want)
		}
	}
}

func TestAMountedFileIsReadAsAWhole(t *testing.T) {
	f, s := finder(t, `
apiVersion: v1
kind: ConfigMap
metadata: {name: files, namespace: shop}
data:
  app.yaml: |
    # talks to cart and redis, no longer to http://api.back:443
    store:
      host: redis
    name: cart
  nginx.conf: |
    location / {
      proxy_pass http://cart:80;
    }
  unused.conf: "https://api.back/"
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec:
  containers: [{name: c}]
  volumes: [{name: v, projected: {sources: [{configMap: {name: files, items: [{key: app.yaml}, {key: nginx.conf}]}}]}}]
`)
	got := f.Dependencies(s.Workloads[slices.IndexFunc(s.Workloads, func(w *cluster.Workload) bool { return w.Name == "client" })])
	want := []string{"redis 6379: ConfigMap files, app.yaml: redis", "cart 7070: ConfigMap files, nginx.conf: http://cart:80"}
	if !slices.Equal(words(got), want) {
		t.Fatalf("got %q, want %q", words(got), want)
	}
	lines := strings.Split(shop+"\n", "\n")
	first := len(lines) - 1 // the ConfigMap's line before apiVersion
	for i, line := range []int{first + 8, first + 12} {
		if got[i].Line != line {
			t.Errorf("%s: line %d, want %d", got[i].Text, got[i].Line, line)
		}
	}
}

// TestAScriptInAConfigMapNamesWhomItCalls: clients on command lines, over several lines, among others that call nobody and
// one that is commented out.
func TestAScriptInAConfigMapNamesWhomItCalls(t *testing.T) {
	f, s := finder(t, `
apiVersion: v1
kind: ConfigMap
metadata: {name: scripts, namespace: shop}
data:
  wait.sh: |
    #!/bin/sh
    set -e
    until pg_isready --host=redis --port 6379 -q; do sleep 1; done
    redis-cli -h redis-1.redis ping | grep -q PONG || exit 1
    # mysql -h cart -P 80 < dump.sql
    if ! nc -z cart 80; then echo "no cart"; fi
    curl -fsS "https://api.back/healthz" >/dev/null
    ls -h cart
    psql -h "$DB_HOST" -c 'select 1'
  one-line: redis-cli -h redis -p 6379 info
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec:
  containers: [{name: c, command: [/scripts/wait.sh]}]
  volumes: [{name: v, configMap: {name: scripts, defaultMode: 0755}}]
`)
	got := f.Dependencies(s.Workloads[slices.IndexFunc(s.Workloads, func(w *cluster.Workload) bool { return w.Name == "client" })])
	first := len(strings.Split(shop+"\n", "\n")) - 1 // the ConfigMap's line before apiVersion
	want := []struct {
		text string
		line int
	}{
		{"redis 6379: ConfigMap scripts, wait.sh: pg_isready -h redis", 8},
		{"cart 7070: ConfigMap scripts, wait.sh: cart:80", 11},
		{"api 8443: ConfigMap scripts, wait.sh: https://api.back", 12},
	}
	for i, text := range words(got) {
		if i >= len(want) || text != want[i].text || got[i].Line != first+want[i].line {
			t.Errorf("%d: %s, line %d of the ConfigMap", i, text, got[i].Line-first)
		}
	}
	if len(got) < len(want) {
		t.Errorf("%d dependencies, not %d", len(got), len(want))
	}
}

func TestCallersNameWhomTheyConnectTo(t *testing.T) {
	f, _ := finder(t, `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: check}
webhooks: [{name: a, clientConfig: {service: {name: api, namespace: back, path: /v}}}, {name: b, clientConfig: {url: "https://elsewhere"}}]
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.shop}
spec: {service: {name: cart, namespace: shop, port: 80}}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: cart, namespace: monitoring}
spec: {selector: {matchLabels: {app: cart}}, namespaceSelector: {matchNames: [shop]}, endpoints: [{port: stats}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: redis, namespace: shop}
spec: {selector: {matchLabels: {app: redis}}, podMetricsEndpoints: [{portNumber: 9121}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec: {defaultBackend: {service: {name: cart, port: {number: 80}}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: api}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: api, namespace: back}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: redis, namespace: shop}
rules: [{apiGroups: [security.openshift.io], resources: [securitycontextconstraints], resourceNames: [nonroot], verbs: [use]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: redis, namespace: shop}
roleRef: {kind: Role, name: redis}
subjects: [{kind: ServiceAccount, name: redis}]
`)
	for _, c := range []struct {
		got  []Dependency
		want []string
	}{
		{f.Called(), []string{"cart 7070: the API server calls it for APIService v1.shop", "api 8443: the API server calls it for ValidatingWebhookConfiguration check"}},
		{f.Scraped(), []string{"redis 9121: PodMonitor shop/redis scrapes it", "cart 9090: ServiceMonitor monitoring/cart scrapes it", "cart 9090: annotation prometheus.io/scrape"}},
		{f.Routed(), []string{"cart 7070: Ingress shop/front routes to Service cart"}},
	} {
		if got := words(c.got); !slices.Equal(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if clients := f.Clients(); len(clients) != 1 || clients[cluster.Name{Namespace: "back", Name: "api"}].Text == "" {
		t.Errorf("got %v", clients)
	}
}

func TestSensitiveIsWhatKeepsDataOrIsConfigured(t *testing.T) {
	s, err := NewSensitivity(config.Choice{Namespaces: []string{"bank"}, Images: []string{"team/ledger"}, Selectors: []string{"tier=data"}})
	if err != nil {
		t.Fatal(err)
	}
	for want, w := range map[string]*cluster.Workload{
		"namespace bank is sensitive by the configuration":    {Namespace: "bank"},
		"labels tier=data are sensitive by the configuration": {Labels: map[string]string{"tier": "data"}},
		"image team/ledger is sensitive by the configuration": {Images: []string{"registry:5000/team/ledger:1"}},
		"datastore image postgres":                            {Images: []string{"docker.io/library/postgres@sha256:1"}},
		"datastore port 6379 (Redis)":                         {Ports: []cluster.ContainerPort{{Protocol: "TCP", Port: 6379}}},
		"":                                                    {Images: []string{"postgres-exporter"}, Ports: []cluster.ContainerPort{{Protocol: "TCP", Port: 8080}}},
	} {
		if got := s.Of(w); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// BenchmarkReferencesOfALongLine has each kind of reference, in a line as long as a ConfigMap may be: the cost is linear.
func BenchmarkReferencesOfALongLine(b *testing.B) {
	for _, count := range []int{2_000, 20_000} {
		var line strings.Builder
		for i := range count {
			fmt.Fprintf(&line, "http://a%d:80/ b%d.c.svc nc -z d%d 80 ; psql -h e%d ;", i, i, i, i)
		}
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			for b.Loop() {
				if got := len(references("", line.String())); got != 4*count {
					b.Fatalf("got %d references", got)
				}
			}
		})
	}
}

func FuzzReferences(f *testing.F) {
	f.Add("X_URL", "postgres://u:p@db:5432/x")
	f.Add("", "host: redis\n--a=b:1 nc -z db 80\n")
	f.Fuzz(func(t *testing.T, key, text string) {
		for _, r := range references(key, text) {
			if !isHost(r.host) || r.port < 0 || r.port > 65535 || strings.Contains(r.shown, "@") {
				t.Errorf("%+v", r)
			}
		}
	})
}

func TestWhatAProbeAsksListens(t *testing.T) {
	for container, want := range map[string]string{
		`livenessProbe: {httpGet: {port: 8081}}, readinessProbe: {grpc: {port: 9000}}`:    "[{TCP 8081 8081} {TCP 9000 9000}]",
		`ports: [{name: web, containerPort: 80}], startupProbe: {tcpSocket: {port: web}}`: "[{TCP 80 80}]",
		`livenessProbe: {httpGet: {port: 8081, host: elsewhere}}`:                         "[]",
		`livenessProbe: {httpGet: {port: 70000}}`:                                         "[]",
		`livenessProbe: {exec: {command: [true]}}`:                                        "[]",
	} {
		_, s := finder(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: x}\nspec: {containers: [{name: c, "+container+"}]}\n")
		pod := s.Workloads[slices.IndexFunc(s.Workloads, func(w *cluster.Workload) bool { return w.Name == "p" })]
		if got := fmt.Sprint(Probed(pod).Ranges()); got != want {
			t.Errorf("%s: got %s, want %s", container, got, want)
		}
	}
}

package impact

import (
	"fmt"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/evidence"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// services is a cluster in which every workload has a Service and names three others, in namespaces of 40.
func services(b *testing.B, workloads int, policy string) []*manifest.Object {
	var text strings.Builder
	for i := range workloads {
		ns, n := i/40, i%40
		fmt.Fprintf(&text, `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: w%[2]d, namespace: n%[1]d}
spec:
  template:
    metadata: {labels: {app: w%[2]d, app.kubernetes.io/part-of: shop}}
    spec:
      containers:
      - name: main
        image: registry.example.org/team/w%[2]d:1.2.3
        ports: [{containerPort: 8080}]
        env:
        - {name: MODE, value: production}
        - {name: A_ADDR, value: "w%[3]d:80"}
        - {name: B_URL, value: "http://w%[4]d.n%[1]d.svc.cluster.local/api"}
        - {name: C_HOST, value: w%[5]d.n%[6]d}
        - {name: JAVA_OPTS, value: "-Xmx512m -XX:MaxRAMPercentage=75 -Dfile.encoding=UTF-8"}
---
apiVersion: v1
kind: Service
metadata: {name: w%[2]d, namespace: n%[1]d}
spec: {selector: {app: w%[2]d}, ports: [{port: 80, targetPort: 8080}]}
`, ns, n, (n+1)%40, (n+7)%40, (n+13)%40, (ns+1)%max(1, workloads/40))
	}
	text.WriteString(policy)
	objects, problems := manifest.Read("all.yaml", []byte(text.String()))
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	return objects
}

const denyOne = `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: n3}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
`

const denyAll = `---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata: {name: default}
spec: {subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}
`

func BenchmarkCompareWithDependencies(b *testing.B) {
	for name, policy := range map[string]string{"nothing": "", "one namespace denied": denyOne, "everything denied": denyAll} {
		b.Run(name, func(b *testing.B) {
			size := 10_000
			if policy == denyAll {
				size = 2_000
			}
			base, head := services(b, size, ""), services(b, size, policy)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Compare(b.Context(), Input{Base: base, Head: head}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDependencies(b *testing.B) {
	s := cluster.Build(services(b, 10_000, ""), config.Config{})
	backends := cluster.NewBackends(s)
	b.ReportAllocs()
	for b.Loop() {
		f := evidence.New(s, backends)
		for _, w := range s.Workloads {
			f.Dependencies(w)
		}
	}
}

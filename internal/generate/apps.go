package generate

import (
	"fmt"
	"strings"
)

// appsPerNamespace is how many applications Apps puts into a namespace.
const appsPerNamespace = 30

// Apps is a cluster as teams have them, as YAML: namespaces team-0, team-1, … of 30 applications without a policy. Each
// application has a Service and names two others of its namespace in its environment, every fifth one in the next
// namespace; every tenth is a database; each namespace has an Ingress to its first.
func Apps(workloads int) string {
	var b strings.Builder
	for i := range workloads {
		app(&b, i/appsPerNamespace, i%appsPerNamespace, max(1, workloads/appsPerNamespace))
	}
	return b.String()
}

func app(b *strings.Builder, namespace, n, namespaces int) {
	if n == 0 {
		fmt.Fprintf(b, `---
apiVersion: v1
kind: Namespace
metadata: {name: team-%[1]d}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: team-%[1]d}
spec: {rules: [{host: team-%[1]d.example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app-0, port: {number: 80}}}}]}}]}
`, namespace)
	}
	image, listens, served := fmt.Sprintf("example.org/app-%d:1", n), 8080, 80
	if n%10 == 9 {
		image, listens, served = "postgres:16", 5432, 5432
	}
	fmt.Fprintf(b, `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app-%[2]d, namespace: team-%[1]d}
spec:
  selector: {matchLabels: {app: app-%[2]d}}
  template:
    metadata: {labels: {app: app-%[2]d}}
    spec:
      containers:
      - name: main
        image: %[3]s
        ports: [{containerPort: %[4]d}]
        env:
        - {name: FIRST_ADDR, value: app-%[5]d}
        - {name: SECOND_URL, value: "http://app-%[6]d.team-%[1]d.svc.cluster.local"}
`, namespace, n, image, listens, (n+1)%appsPerNamespace, (n+7)%appsPerNamespace)
	if n%5 == 0 {
		fmt.Fprintf(b, "        - {name: NEIGHBOUR_HOST, value: app-3.team-%d}\n", (namespace+1)%namespaces)
	}
	fmt.Fprintf(b, `---
apiVersion: v1
kind: Service
metadata: {name: app-%[2]d, namespace: team-%[1]d}
spec: {selector: {app: app-%[2]d}, ports: [{port: %[3]d, targetPort: %[4]d}]}
`, namespace, n, served, listens)
}

// DefaultDeny is a policy, as YAML, that isolates every pod of a namespace of Apps in some directions and allows nothing.
func DefaultDeny(namespace int, policyTypes string) string {
	return fmt.Sprintf(`---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: team-%d}
spec: {podSelector: {}, policyTypes: [%s]}
`, namespace, policyTypes)
}

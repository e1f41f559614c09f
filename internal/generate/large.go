package generate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Size says how large a cluster for benchmarks is, and what changes in it.
type Size struct {
	Workloads, Policies int
	// Edits is how many objects differ between base and head.
	Edits int
	// Admin is how many policies act on the whole cluster.
	Admin int
	// DropDeny removes a namespace's default-deny from head, as the only change.
	DropDeny bool
	// Plain leaves out all that no network looks at: probes, resources, environment.
	Plain bool
}

// Side is one side of a cluster for benchmarks: the documents of each namespace, and of what has none.
type Side struct {
	// Names are those of the folders; Documents the objects in each.
	Names     []string
	Documents [][]string
}

// All are the documents of every namespace.
func (s *Side) All() []string {
	var all []string
	for _, d := range s.Documents {
		all = append(all, d...)
	}
	return all
}

// perNamespace is how many workloads share a namespace.
const perNamespace = 40

// Large makes both sides of a cluster whose policies have the shapes and frequencies of those in public repositories.
// Documents that do not change are the same strings on both sides. The same size gives the same cluster.
func Large(size Size) (base, head *Side) {
	l := &large{Size: size, rand: rand.New(rand.NewPCG(7, 7))}
	l.namespaces = max(1, size.Workloads/perNamespace)
	base = &Side{Names: []string{"cluster"}, Documents: make([][]string, 1, l.namespaces+1)}
	for i := range size.Admin {
		base.Documents[0] = append(base.Documents[0], l.adminPolicy(i, 0))
	}
	for n := range l.namespaces {
		documents := []string{l.namespace(n)}
		for w := n; w < size.Workloads; w += l.namespaces {
			documents = append(documents, l.deployment(n, w/l.namespaces, ""))
		}
		for p := n; p < size.Policies; p += l.namespaces {
			documents = append(documents, l.policy(n, p/l.namespaces))
			if n == 0 && size.DropDeny {
				break // no other policy isolates those whose default-deny goes
			}
		}
		base.Names = append(base.Names, namespaceName(n))
		base.Documents = append(base.Documents, documents)
	}
	return base, l.edited(base)
}

type large struct {
	Size
	rand       *rand.Rand
	namespaces int
}

func namespaceName(n int) string { return fmt.Sprintf("team-%d", n) }

func (l *large) chance(percent float64) bool { return l.rand.Float64()*100 < percent }

func (l *large) namespace(n int) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: %s\n  labels:\n    team: t%d\n    env: %s\n",
		namespaceName(n), n%20, []string{"dev", "staging", "production"}[n%3])
}

func appName(w int) string { return fmt.Sprintf("app-%d", w) }

// deployment writes the w-th workload of a namespace; extra is one more label of its pods.
func (l *large) deployment(n, w int, extra string) string {
	labels := fmt.Sprintf("        app.kubernetes.io/name: %s\n        app.kubernetes.io/part-of: suite-%d\n        tier: %s\n%s",
		appName(w), w%7, tiers[w%3], extra)
	rest := filler
	if l.Plain {
		rest = ""
	}
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: %s
  namespace: %s
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: %s
  template:
    metadata:
      labels:
%s    spec:
      serviceAccountName: %s
      containers:
      - name: main
        image: registry.example.com/%s/%s:1.%d.0
        ports:
        - name: http
          containerPort: %d
        - name: metrics
          containerPort: 9090
%s`, appName(w), namespaceName(n), appName(w), labels, appName(w), namespaceName(n), appName(w), w, 8080+w%3, rest)
}

var tiers = []string{"frontend", "backend", "data"}

// filler is what a Deployment has besides.
var filler = `        env:
        - name: LOG_LEVEL
          value: info
        - name: DATABASE_URL
          valueFrom:
            secretKeyRef:
              name: database
              key: url
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            memory: 256Mi
        livenessProbe:
          httpGet:
            path: /healthz
            port: http
          periodSeconds: 10
        readinessProbe:
          httpGet:
            path: /ready
            port: http
          periodSeconds: 5
        securityContext:
          runAsNonRoot: true
          readOnlyRootFilesystem: true
          allowPrivilegeEscalation: false
          capabilities:
            drop:
            - ALL
        volumeMounts:
        - name: tmp
          mountPath: /tmp
        - name: config
          mountPath: /etc/app
          readOnly: true
      volumes:
      - name: tmp
        emptyDir: {}
      - name: config
        configMap:
          name: config
`

// policy writes a policy of a namespace. The first of every second namespace is a default-deny.
func (l *large) policy(n, i int) string {
	if i == 0 && n%2 == 0 {
		return policyHead(n, i) + "  podSelector: {}\n  policyTypes:\n  - Ingress\n"
	}
	var b strings.Builder
	b.WriteString(policyHead(n, i))
	switch {
	case l.chance(20):
		b.WriteString("  podSelector: {}\n")
	case l.chance(3):
		fmt.Fprintf(&b, "  podSelector:\n    matchExpressions:\n    - key: tier\n      operator: In\n      values: [%s, %s]\n", tiers[n%3], tiers[(n+1)%3])
	default:
		fmt.Fprintf(&b, "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: %s\n", l.app())
	}
	direction := l.rand.Float64() * 100
	ingress, egress := direction < 77, direction >= 44
	b.WriteString("  policyTypes:\n")
	if ingress {
		b.WriteString("  - Ingress\n")
	}
	if egress {
		b.WriteString("  - Egress\n")
	}
	if ingress {
		b.WriteString("  ingress:\n")
		for range 1 + l.rand.IntN(2) {
			l.rule(&b, "from", n)
		}
	}
	if egress {
		b.WriteString("  egress:\n")
		if l.chance(23) {
			b.WriteString("  - {}\n")
		} else {
			for range 1 + l.rand.IntN(2) {
				l.rule(&b, "to", n)
			}
			b.WriteString("  - to:\n    - namespaceSelector:\n        matchLabels:\n          kubernetes.io/metadata.name: kube-system\n    ports:\n    - protocol: UDP\n      port: 53\n")
		}
	}
	return b.String()
}

func policyHead(n, i int) string {
	return fmt.Sprintf("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: policy-%d\n  namespace: %s\nspec:\n", i, namespaceName(n))
}

func (l *large) app() string { return appName(l.rand.IntN(perNamespace)) }

func (l *large) rule(b *strings.Builder, peers string, n int) {
	if l.chance(27) {
		b.WriteString("  - ports:\n")
		l.port(b)
		return
	}
	fmt.Fprintf(b, "  - %s:\n", peers)
	switch {
	case l.chance(9):
		if l.chance(60) {
			fmt.Fprintf(b, "    - ipBlock:\n        cidr: 203.0.%d.%d/32\n", l.rand.IntN(8), l.rand.IntN(40))
		} else {
			b.WriteString("    - ipBlock:\n        cidr: 0.0.0.0/0\n        except:\n        - 169.254.169.254/32\n")
		}
	case l.chance(55):
		switch {
		case l.chance(70):
			fmt.Fprintf(b, "    - namespaceSelector:\n        matchLabels:\n          kubernetes.io/metadata.name: %s\n", namespaceName(l.rand.IntN(l.namespaces)))
		case l.chance(80):
			fmt.Fprintf(b, "    - namespaceSelector:\n        matchLabels:\n          team: t%d\n", l.rand.IntN(20))
		default:
			b.WriteString("    - namespaceSelector: {}\n")
		}
		if l.chance(50) {
			fmt.Fprintf(b, "      podSelector:\n        matchLabels:\n          app.kubernetes.io/name: %s\n", l.app())
		}
	case l.chance(15):
		b.WriteString("    - podSelector: {}\n")
	default:
		fmt.Fprintf(b, "    - podSelector:\n        matchLabels:\n          app.kubernetes.io/name: %s\n", l.app())
	}
	if l.chance(75) {
		b.WriteString("    ports:\n")
		l.port(b)
	}
}

func (l *large) port(b *strings.Builder) {
	if l.chance(1.5) {
		b.WriteString("    - port: http\n")
		return
	}
	fmt.Fprintf(b, "    - protocol: TCP\n      port: %d\n", []int{80, 443, 8080, 8081, 5432, 6379, 9090}[l.rand.IntN(7)])
}

// adminPolicy writes the i-th policy of the whole cluster; variant is another one of the same shape.
func (l *large) adminPolicy(i, variant int) string {
	head := fmt.Sprintf("apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata:\n  name: admin-%d\nspec:\n  priority: %d\n", i, 10+i)
	switch i % 5 {
	case 0:
		return head + fmt.Sprintf(`  tier: Admin
  subject:
    namespaces: {}
  ingress:
  - name: monitoring
    action: Accept
    from:
    - namespaces:
        matchLabels:
          kubernetes.io/metadata.name: %s
    protocols:
    - tcp:
        destinationPort:
          number: %d
`, namespaceName(i%l.namespaces), 9090+variant)
	case 1:
		return head + fmt.Sprintf(`  tier: Admin
  subject:
    namespaces: {}
  egress:
  - name: metadata
    action: Deny
    to:
    - networks:
      - 169.254.169.%d/32
`, 254-variant)
	case 2:
		return head + fmt.Sprintf(`  tier: Admin
  subject:
    namespaces:
      matchLabels:
        env: production
  ingress:
  - name: from-dev
    action: Deny
    from:
    - namespaces:
        matchLabels:
          env: %s
`, []string{"dev", "staging"}[variant%2])
	case 3:
		return head + fmt.Sprintf(`  tier: Admin
  subject:
    pods:
      namespaceSelector: {}
      podSelector:
        matchLabels:
          tier: data
  ingress:
  - name: own-team
    action: Pass
    from:
    - namespaces:
        matchLabels:
          team: t%d
  - name: database
    action: Deny
    from:
    - namespaces: {}
    protocols:
    - tcp:
        destinationPort:
          number: %d
`, i%20, 5432+variant)
	}
	return head + fmt.Sprintf(`  tier: Baseline
  subject:
    namespaces:
      matchLabels:
        team: t%d
  ingress:
  - name: other-teams
    action: Deny
    from:
    - namespaces:
        matchExpressions:
        - key: team
          operator: NotIn
          values: [t%d, t%d]
`, i%20, i%20, (i+1+variant)%20)
}

// edited makes head: mostly edits of policies, some of workloads, and of the cluster's policies where there are any.
func (l *large) edited(base *Side) *Side {
	head := &Side{Names: base.Names, Documents: make([][]string, len(base.Documents))}
	for i, documents := range base.Documents {
		head.Documents[i] = append([]string(nil), documents...)
	}
	if l.DropDeny {
		// Namespace 0 has it right after its workloads.
		documents := head.Documents[1]
		for i, d := range documents {
			if strings.Contains(d, "kind: NetworkPolicy") {
				head.Documents[1] = append(documents[:i:i], documents[i+1:]...)
				return head
			}
		}
	}
	for i := range l.Edits {
		if l.Admin > 0 && i%20 == 19 {
			k := l.rand.IntN(l.Admin)
			head.Documents[0][k] = l.adminPolicy(k, 1+i/20)
			continue
		}
		n := l.rand.IntN(l.namespaces)
		documents := head.Documents[n+1]
		workloads := 0
		for _, d := range documents {
			if strings.Contains(d, "kind: Deployment") {
				workloads++
			}
		}
		policies := len(documents) - workloads - 1
		switch {
		case policies == 0 || i%5 == 4:
			w := l.rand.IntN(workloads)
			documents[1+w] = l.deployment(n, w, fmt.Sprintf("        app.kubernetes.io/component: c%d\n        edited: \"true\"\n", i))
			if i%2 == 0 { // it takes the labels of its neighbour
				documents[1+w] = strings.ReplaceAll(documents[1+w], "        app.kubernetes.io/name: "+appName(w)+"\n", "        app.kubernetes.io/name: "+appName(w+1)+"\n")
			}
		default:
			p := l.rand.IntN(policies)
			documents[1+workloads+p] = l.policy(n, max(1, p))
			if p == 0 {
				documents[1+workloads+p] = strings.Replace(documents[1+workloads+p], "name: policy-1\n", "name: policy-0\n", 1)
			}
		}
	}
	return head
}

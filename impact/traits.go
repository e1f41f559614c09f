package impact

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go4.org/netipx"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/reach"
	"github.com/netpol-impact/netpol-impact/impact/severity"
)

// traits are what severity asks of an endpoint.
type traits struct {
	end       severity.End
	namespace string
	// declared are the ports that the workload's containers or Services declare; nil if it declares none.
	declared policy.PortSet
}

func portText(n int) string { return strconv.Itoa(n) }

func (a *analysis) findTraits() []traits {
	out := make([]traits, len(a.model.Endpoints))
	services := servicesByNamespace(a.head)
	for i := range out {
		e := a.endpoint(int32(i))
		t := &out[i]
		switch {
		case e.External != nil:
			t.end = outside(e.External)
		case e.Domain != "":
			t.end = severity.End{Outside: true, Domain: true}
		case e.Nodes != nil:
			t.end = severity.End{Outside: true, Node: true}
		case e.Potential != nil:
			t.namespace = e.Potential.Namespaces
			t.end.Unrendered = true
			for _, p := range e.Potential.Ports() {
				t.declare(p.Protocol, p.Port)
				t.end.DNS = t.end.DNS || p.Port == 53
			}
		default:
			w := cmp.Or(e.Workload[reach.Head], e.Workload[reach.Base])
			t.workload(w, services[w.Namespace])
		}
	}
	return out
}

func servicesByNamespace(s *cluster.State) map[string][]*cluster.Service {
	out := make(map[string][]*cluster.Service)
	for _, service := range s.Services {
		out[service.Namespace] = append(out[service.Namespace], service)
	}
	return out
}

func (t *traits) declare(p policy.Protocol, port int) {
	t.declared = t.declared.Union(policy.Range(p, port, port))
}

func (t *traits) workload(w *cluster.Workload, services []*cluster.Service) {
	t.namespace = w.Namespace
	for _, p := range w.Ports {
		t.declare(p.Protocol, p.Port)
	}
	for _, s := range services {
		if !s.Selects(w) {
			continue
		}
		for _, p := range s.Ports {
			if p.Target > 0 && p.Target <= 65535 {
				t.declare(p.Protocol, p.Target)
			}
		}
		if s.Type == "LoadBalancer" || s.Type == "NodePort" {
			t.end.Exposed = fmt.Sprintf("%s Service %s/%s", s.Type, s.Namespace, s.Name)
		}
	}
	t.end.DNS = w.Namespace == "kube-system" && w.Labels["k8s-app"] == "kube-dns"
	t.end.Sensitive = sensitive(w)
}

// datastores are images, by the last part of their name, that keep data.
var datastores = setOf("postgres", "postgresql", "postgis", "timescaledb", "pgbouncer", "mysql", "mariadb", "percona-server",
	"mongo", "mongodb", "redis", "valkey", "keydb", "cassandra", "scylla", "elasticsearch", "opensearch", "etcd", "mssql",
	"couchdb", "neo4j", "influxdb", "memcached", "cockroach", "clickhouse-server", "clickhouse", "vault", "minio", "kafka",
	"rabbitmq", "zookeeper", "consul")

func setOf(words ...string) map[string]bool {
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[w] = true
	}
	return out
}

// datastorePorts are ports that only datastores listen on.
var datastorePorts = map[int]string{
	5432: "PostgreSQL", 3306: "MySQL", 27017: "MongoDB", 6379: "Redis", 9042: "Cassandra", 9200: "Elasticsearch",
	2379: "etcd", 1433: "SQL Server", 1521: "Oracle", 5984: "CouchDB", 7687: "Neo4j", 11211: "memcached", 26257: "CockroachDB",
}

// sensitive says why a workload is worth protecting, or "".
func sensitive(w *cluster.Workload) string {
	for _, image := range w.Images {
		name := image[strings.LastIndexByte(image, '/')+1:]
		name, _, _ = strings.Cut(name, "@")
		name, _, _ = strings.Cut(name, ":")
		if datastores[name] {
			return "datastore image " + name
		}
	}
	for _, p := range w.Ports {
		if product, ok := datastorePorts[p.Port]; ok && p.Protocol == policy.TCP {
			return fmt.Sprintf("datastore port %d (%s)", p.Port, product)
		}
	}
	return ""
}

var (
	metadata     = []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254")}
	privateSpace = mergedSet("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128")
)

func mergedSet(prefixes ...string) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, p := range prefixes {
		b.AddPrefix(netip.MustParsePrefix(p))
	}
	set, err := b.IPSet()
	if err != nil { // the prefixes are constants
		panic(err)
	}
	return set
}

func outside(prefixes []netip.Prefix) severity.End {
	end := severity.End{Outside: true}
	for _, p := range prefixes {
		end.Metadata = end.Metadata || slices.ContainsFunc(metadata, p.Contains)
		end.Internet = end.Internet || !privateSpace.ContainsPrefix(p)
	}
	return end
}

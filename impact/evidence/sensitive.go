package evidence

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Sensitivity knows which workloads are worth protecting. Its zero value knows datastores only.
type Sensitivity struct {
	namespaces, images []string
	selectors          []labels.Selector
}

// NewSensitivity adds to the known datastores what a configuration names.
func NewSensitivity(c config.Sensitive) (Sensitivity, error) {
	s := Sensitivity{namespaces: c.Namespaces, images: c.Images}
	for _, text := range c.Selectors {
		selector, err := labels.Parse(text)
		if err != nil {
			return s, fmt.Errorf("reading the configuration: sensitive.selectors: %q: %w", text, err)
		}
		s.selectors = append(s.selectors, selector)
	}
	return s, nil
}

// Of says why a workload is worth protecting, or "".
func (s *Sensitivity) Of(w *cluster.Workload) string {
	if slices.Contains(s.namespaces, w.Namespace) {
		return fmt.Sprintf("namespace %s is sensitive by the configuration", w.Namespace)
	}
	for _, selector := range s.selectors {
		if selector.Matches(labels.Set(w.Labels)) {
			return fmt.Sprintf("labels %s are sensitive by the configuration", selector)
		}
	}
	for _, image := range w.Images {
		path := withoutTag(image)
		for _, name := range s.images {
			if path == name || strings.HasSuffix(path, "/"+name) {
				return fmt.Sprintf("image %s is sensitive by the configuration", name)
			}
		}
		if name := path[strings.LastIndexByte(path, '/')+1:]; datastores[name] {
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

// withoutTag is an image's name without tag and digest.
func withoutTag(image string) string {
	name, _, _ := strings.Cut(image, "@")
	if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
		name = name[:at]
	}
	return name
}

// datastores are images, by the last part of their name, that keep data.
var datastores = setOf("postgres", "postgresql", "postgis", "timescaledb", "pgbouncer", "spilo", "mysql", "mariadb", "percona-server",
	"mongo", "mongodb", "redis", "redis-stack", "redis-stack-server", "valkey", "keydb", "dragonfly", "cassandra", "scylla", "elasticsearch",
	"opensearch", "solr", "etcd", "mssql", "couchdb", "couchbase", "neo4j", "influxdb", "memcached", "cockroach", "tidb", "clickhouse-server",
	"clickhouse", "vault", "openbao", "minio", "kafka", "cp-kafka", "rabbitmq", "nats", "zookeeper", "consul")

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

package evidence

import (
	"fmt"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/impact/policy"
)

// Sensitivity knows which workloads are worth protecting. Its zero value knows datastores only.
type Sensitivity struct{ configured cluster.Choice }

// NewSensitivity adds to the known datastores what a configuration names.
func NewSensitivity(c config.Choice) (Sensitivity, error) {
	choice, err := cluster.NewChoice(c)
	if err != nil {
		return Sensitivity{}, fmt.Errorf("reading the configuration: sensitive.%w", err)
	}
	return Sensitivity{choice}, nil
}

// Of says why a workload is worth protecting, or "".
func (s *Sensitivity) Of(w *cluster.Workload) string {
	if by := s.configured.Of(w); by != "" {
		return by + " sensitive by the configuration"
	}
	for _, image := range w.Images {
		path := cluster.ImagePath(image)
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

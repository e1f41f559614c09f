package evidence

import (
	"strconv"
	"strings"
	"unicode"
)

// reference is a name of a host in a text.
type reference struct {
	host string
	// port is 0 where none is given.
	port int
	// shown is what of the text says so, without credentials, paths and parameters.
	shown string
	// line counts the text's lines before it.
	line int
	// bare tells that nothing but the key says that the word is a host.
	bare bool
}

// schemePorts are the ports that the schemes of URLs stand for.
var schemePorts = map[string]int{
	"http": 80, "https": 443, "ws": 80, "wss": 443, "amqp": 5672, "amqps": 5671, "redis": 6379, "postgres": 5432, "postgresql": 5432,
	"mysql": 3306, "mariadb": 3306, "mongodb": 27017, "nats": 4222, "kafka": 9092, "memcached": 11211, "ldap": 389, "ldaps": 636,
	"ftp": 21, "ssh": 22, "smtp": 25, "mqtt": 1883, "sqlserver": 1433, "bolt": 7687, "neo4j": 7687,
}

// references finds the names of hosts in a text. The key, if any, is the name of the variable or flag that has the text.
func references(key, text string) []reference {
	var out []reference
	number := 0
	for line := range strings.Lines(text) {
		s := scanner{line: strings.TrimRight(line, "\r\n"), number: number}
		number++
		if isComment(s.line) {
			continue
		}
		s.words()
		s.clients()
		if key != "" {
			s.named(key, s.line)
		} else if k, value, ok := assignment(s.line); ok {
			s.named(k, value)
		}
		out = append(out, s.found...)
	}
	return out
}

// isComment tells a line that says nothing to whoever reads the text, in the notations of shells, YAML, nginx, JavaScript
// and INI: what is commented out is not used.
func isComment(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") || strings.HasPrefix(line, ";")
}

// scanner finds the references of one line.
type scanner struct {
	line   string
	number int
	found  []reference
	// netcat is where the line first calls it, or -1.
	netcat int
	// seen are the hosts found with each port, and each host with anyPort: a line of a megabyte may name 100,000.
	seen map[hostPort]bool
}

type hostPort struct {
	host string
	port int
}

// netcat is how a call of it begins; its port follows the host after a space.
const netcat = "nc "

// anyPort stands beside every port that a host was found with.
const anyPort = -1

func (s *scanner) add(r reference) {
	r.line = s.number
	port := r.port
	if r.bare {
		port = anyPort
	}
	if s.seen[hostPort{r.host, port}] {
		return
	}
	if s.seen == nil {
		s.seen = map[hostPort]bool{}
	}
	s.seen[hostPort{r.host, r.port}] = true
	s.seen[hostPort{r.host, anyPort}] = true
	s.found = append(s.found, r)
}

// words looks at each run of characters that a host's name may have.
func (s *scanner) words() {
	s.netcat = strings.Index(s.line, netcat)
	if s.netcat < 0 && !strings.ContainsAny(s.line, ":.") {
		return
	}
	for i := 0; i < len(s.line); {
		if !isHostByte(s.line[i]) {
			i++
			continue
		}
		j := i
		for j < len(s.line) && isHostByte(s.line[j]) {
			j++
		}
		s.word(i, j)
		i = j
	}
}

func (s *scanner) word(i, j int) {
	host := strings.ToLower(strings.TrimSuffix(s.line[i:j], "."))
	if !isHost(host) {
		return
	}
	scheme, inURL := s.scheme(i)
	port, hasPort := s.port(j)
	switch {
	case inURL && s.isUser(j):
	case inURL:
		shown := scheme + "://" + host
		if hasPort {
			shown += ":" + strconv.Itoa(port)
		} else {
			port = schemePorts[scheme]
		}
		s.add(reference{host: host, port: port, shown: shown})
	case i > 0 && s.line[i-1] == '/' && !strings.HasSuffix(s.line[:i], "//"):
		// a part of a path, or of an image's name
	case hasPort:
		s.add(reference{host: host, port: port, shown: host + ":" + strconv.Itoa(port)})
	case isQualified(host):
		s.add(reference{host: host, shown: host})
	}
}

// maxAuthority is how far a URL's authority is looked at, so that a long line costs no more than its length.
const maxAuthority = 500

// scheme is that of the URL whose host would begin at i.
func (s *scanner) scheme(i int) (string, bool) {
	before := s.line[max(0, i-maxAuthority):i]
	if strings.HasSuffix(before, "@") { // user and password
		start := strings.LastIndexAny(before, "/ \t\"'=")
		before = before[:start+1]
	}
	before, ok := strings.CutSuffix(before, "://")
	if !ok {
		return "", false
	}
	start := strings.LastIndexFunc(before, func(r rune) bool {
		return !(r == '+' || r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)))
	})
	return strings.ToLower(before[start+1:]), before[start+1:] != ""
}

// isUser tells whether what ends at j is the user of a URL and not yet its host.
func (s *scanner) isUser(j int) bool {
	after := s.line[j:min(len(s.line), j+maxAuthority)]
	end := strings.IndexAny(after, "/?# \t\"',@")
	return end >= 0 && after[end] == '@'
}

// port is the one that follows a host's name that ends at j: ":80", or " 80" where netcat is called.
func (s *scanner) port(j int) (int, bool) {
	rest := s.line[j:]
	digits, ok := strings.CutPrefix(rest, ":")
	if !ok && s.netcat >= 0 && s.netcat+len(netcat) <= j {
		digits, ok = strings.CutPrefix(rest, " ")
	}
	end := 0
	for end < len(digits) && end < 6 && '0' <= digits[end] && digits[end] <= '9' {
		end++
	}
	if !ok || end == 0 {
		return 0, false
	}
	if end < len(digits) && (isHostByte(digits[end]) && digits[end] != '.' || digits[end] == '_' || digits[end] == ':') {
		return 0, false
	}
	port, err := strconv.Atoi(digits[:end])
	return port, err == nil && port >= 1 && port <= 65535
}

// named takes a value that is a host, or a list of hosts, where its key says that it is one.
func (s *scanner) named(key, value string) {
	if !isHostKey(key) {
		return
	}
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(" ,;[]\"'", r) }) {
		if host := strings.ToLower(strings.TrimSuffix(word, ".")); isHost(host) {
			s.add(reference{host: host, shown: host, bare: true})
		}
	}
}

// clientPrograms are programs that are told their server's host by a flag, with the flags for host and port and the port
// that stands for none.
var clientPrograms = map[string]clientFlags{
	"psql": postgresClient, "pg_isready": postgresClient, "pg_dump": postgresClient, "pg_dumpall": postgresClient, "pg_restore": postgresClient,
	"createdb": postgresClient, "dropdb": postgresClient, "pgbench": postgresClient,
	"mysql": mysqlClient, "mysqladmin": mysqlClient, "mysqldump": mysqlClient, "mariadb": mysqlClient, "mariadb-admin": mysqlClient, "mariadb-dump": mysqlClient,
	"redis-cli":  {[]string{"-h"}, []string{"-p"}, 6379},
	"valkey-cli": {[]string{"-h"}, []string{"-p"}, 6379},
	"mongosh":    {[]string{"--host"}, []string{"--port"}, 27017},
	"mongo":      {[]string{"--host"}, []string{"--port"}, 27017},
	"mongodump":  {[]string{"-h", "--host"}, []string{"--port"}, 27017},
}

type clientFlags struct {
	host, port []string
	standard   int
}

var (
	postgresClient = clientFlags{[]string{"-h", "--host"}, []string{"-p", "--port"}, 5432}
	mysqlClient    = clientFlags{[]string{"-h", "--host"}, []string{"-P", "--port"}, 3306}
)

// clients takes the hosts that well-known clients are told by a flag: "psql -h db", "redis-cli -h cache -p 6380".
func (s *scanner) clients() {
	if !strings.Contains(s.line, "-h") {
		return
	}
	for command := range strings.FieldsFuncSeq(s.line, func(r rune) bool { return strings.ContainsRune(";|&(){}`", r) }) {
		words := strings.Fields(command)
		for i, w := range words {
			flags, ok := clientPrograms[w[strings.LastIndexByte(w, '/')+1:]]
			if !ok {
				continue
			}
			name := w[strings.LastIndexByte(w, '/')+1:]
			host := strings.ToLower(strings.TrimSuffix(flagOf(words[i+1:], flags.host), "."))
			port, err := strconv.Atoi(flagOf(words[i+1:], flags.port))
			if err != nil || port < 1 || port > 65535 {
				port = flags.standard
			}
			if isHost(host) {
				s.add(reference{host: host, port: port, shown: name + " -h " + host})
			}
			break
		}
	}
}

// flagOf is the value of a flag: in the next word, after an equals sign, or, of a single letter, right behind it.
func flagOf(words, names []string) string {
	for i, w := range words {
		for _, name := range names {
			rest, ok := strings.CutPrefix(w, name)
			switch {
			case !ok:
			case rest == "" && i+1 < len(words):
				return strings.Trim(words[i+1], "\"'")
			case strings.HasPrefix(rest, "="):
				return strings.Trim(rest[1:], "\"'")
			case len(name) == 2:
				return strings.Trim(rest, "\"'")
			}
		}
	}
	return ""
}

// assignment takes a line apart that gives a value to a key, in any of the usual notations: k=v, k: v, "k": "v", --k=v.
func assignment(line string) (key, value string, ok bool) {
	line = strings.TrimSpace(line)
	line = strings.TrimPrefix(strings.TrimPrefix(line, "- "), "export ")
	at := strings.IndexAny(line, "=:")
	if at <= 0 {
		return "", "", false
	}
	key, value = line[:at], line[at+1:]
	if line[at] == ':' && !strings.HasPrefix(value, " ") {
		return "", "", false
	}
	key = strings.Trim(key, " \"'-")
	value = strings.Trim(value, " \"',;")
	return key, value, !strings.ContainsAny(key, " \t") && !strings.ContainsAny(value, " \t")
}

// hostKeys are the last words of names whose values are hosts.
var hostKeys = []string{
	"host", "hosts", "hostname", "addr", "addrs", "address", "addresses", "url", "urls", "uri", "uris", "endpoint", "endpoints",
	"service", "server", "servers", "broker", "brokers", "upstream", "backend", "dsn", "seeds", "peers",
}

// ownNames are variables whose values name the workload itself.
var ownNames = setOf("hostname", "dd_service", "otel_service", "service", "app_service")

// isHostKey tells whether a variable's or setting's name says that its value is a host: DB_HOST, db.host, dbHost, --db-host.
func isHostKey(key string) bool { return hostStem(key) >= 0 }

// hostStem is where the word that says so begins in the key, -1 if there is none.
func hostStem(key string) int {
	key = strings.TrimLeft(key, "-")
	lower := strings.ToLower(key)
	if ownNames[lower] || len(lower) != len(key) {
		return -1
	}
	for _, word := range hostKeys {
		at := len(key) - len(word)
		if at < 0 || !strings.HasSuffix(lower, word) {
			continue
		}
		if at == 0 || strings.ContainsRune("_-.", rune(key[at-1])) || unicode.IsUpper(rune(key[at])) && unicode.IsLower(rune(key[at-1])) {
			return at
		}
	}
	return -1
}

func isHostByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_'
}

// isHost tells whether a lower-case word can be the name of a Service (RFC 1035) or of something in one.
func isHost(word string) bool {
	if word == "" || len(word) > 253 || strings.ContainsRune(word, '_') {
		return false
	}
	letters := false
	for label := range strings.SplitSeq(word, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	for i := range len(word) {
		letters = letters || 'a' <= word[i] && word[i] <= 'z'
		if !isHostByte(word[i]) {
			return false
		}
	}
	return letters
}

// isQualified tells a name that says itself that it is a Service's: svc.ns.svc, with or without the cluster's domain.
func isQualified(host string) bool {
	labels := strings.Split(host, ".")
	for i := 2; i < len(labels) && i <= 3; i++ {
		if labels[i] == "svc" {
			return true
		}
	}
	return false
}

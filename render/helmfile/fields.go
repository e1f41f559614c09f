package helmfile

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/render"
)

// A fields is what is known of the fields of one kind of map in a helmfile.
type fields struct {
	// followed are those that what is deployed follows, or that are told by themselves.
	followed string
	// idle change nothing of what is rendered: how helm waits, fetches, compares and deletes.
	idle string
}

// See https://helmfile.readthedocs.io/en/latest/configuration/. A field that is not listed is told, whatever it is: a
// later helmfile may have one that changes what is deployed.
var (
	stateFields = fields{
		followed: "bases environments values templates repositories releases helmfiles namespace kubeContext kubeVersion apiVersions helmDefaults lockFilePath",
		idle:     "commonLabels helmBinary filepath context deleteWait deleteTimeout",
	}
	defaultFields = fields{
		followed: "kubeContext",
		idle: "cleanupOnFail verify keyring wait waitRetries waitForJobs timeout recreatePods force atomic devel tillerless tls tlsCACert tlsCert tlsKey " +
			"historyMax createNamespace skipDeps skipRefresh cascade insecureSkipTLSVerify plainHttp skipSchemaValidation disableValidation " +
			"disableValidationOnInstall disableOpenAPIValidation diffArgs suppressOutputLineRegex suppressDiff takeOwnership deleteWait deleteTimeout " +
			"enableDNS tillerNamespace",
	}
	environmentFields = fields{followed: "values secrets kubeContext missingFileHandler", idle: "missingFileHandlerConfig"}
	releaseFields     = fields{
		followed: "name namespace chart version values valuesTemplate valuesPathPrefix set setString setTemplate condition installed missingFileHandler " +
			"kubeContext kubeVersion apiVersions inherit secrets strategicMergePatches jsonPatches transformers dependencies",
		idle: defaultFields.idle + " labels needs missingFileHandlerConfig adopt",
	}
)

// unfollowed tells every field that is neither followed nor idle, unless it is empty or false.
func (f *following) unfollowed(release, in string, held map[string]any, known fields) {
	names := strings.Fields(known.followed + " " + known.idle)
	for _, key := range slices.Sorted(maps.Keys(held)) {
		if slices.Contains(names, key) || render.IsNothing(held[key]) {
			continue
		}
		f.tellField(release, in, key, "which is not followed")
	}
}

// tellField tells one field at its line.
func (f *following) tellField(release, in, key, what string) {
	line := f.line(release, key)
	if in != "" {
		key = in + "." + key
	}
	f.tellAt(f.file, line, release, "it has %s, %s", key, what)
}

// line is where a field stands in the file as it is written: templates move the lines of what they make. A release's is
// looked for among the lines of its entry, and it is the entry's own where the field is inherited. 0 is unknown.
func (f *following) line(release, key string) int {
	lines := strings.Split(f.source, "\n")
	from, to := 0, len(lines)
	if release != "" {
		var ok bool
		if from, to, ok = entry(lines, release); !ok {
			return 0
		}
	}
	field := regexp.MustCompile(`^[\s-]*["']?` + regexp.QuoteMeta(key) + `["']?\s*:`)
	for i := from; i < to; i++ {
		if field.MatchString(lines[i]) {
			return i + 1
		}
	}
	if release != "" {
		return from + 1
	}
	return 0
}

// entry is the part of a list that holds the release's name, from its dash up to the next that stands as far left.
func entry(lines []string, release string) (from, to int, ok bool) {
	name := regexp.MustCompile(`^\s*(?:-\s+)?name\s*:\s*["']?` + regexp.QuoteMeta(release) + `["']?\s*(?:#.*)?$`)
	flow := regexp.MustCompile(`^\s*-\s*\{.*\bname\s*:\s*["']?` + regexp.QuoteMeta(release) + `["']?\s*[,}]`)
	at := slices.IndexFunc(lines, func(line string) bool { return name.MatchString(line) || flow.MatchString(line) })
	switch {
	case at < 0:
		return 0, 0, false
	case flow.MatchString(lines[at]):
		return at, at + 1, true
	}
	column := len(lines[at]) - len(strings.TrimLeft(lines[at], " -")) // where the entry's fields begin
	for from = at; from > 0 && !isDash(lines[from], column); from-- {
	}
	for to = at + 1; to < len(lines); to++ {
		rest := strings.TrimLeft(lines[to], " ")
		if rest != "" && len(lines[to])-len(rest) < column && !strings.HasPrefix(rest, "#") {
			break
		}
	}
	return from, to, true
}

// isDash tells whether a line begins an entry whose fields begin in a column.
func isDash(line string, column int) bool {
	rest := strings.TrimLeft(line, " ")
	return strings.HasPrefix(rest, "-") && len(line)-len(strings.TrimLeft(rest, "- ")) == column
}

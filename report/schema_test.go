package report

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/cause"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/impact/promise"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// The published schemas, and what they are made of.
var schemas = map[string]struct {
	version string
	form    reflect.Type
}{
	"diff": {diffSchema, reflect.TypeFor[jsonResult]()},
	"list": {listSchema, reflect.TypeFor[jsonListing]()},
	"test": {testSchema, reflect.TypeFor[jsonChecked]()},

	"explain": {explainSchema, reflect.TypeFor[jsonExplained]()},
}

// enumerations are the values that a key may have.
var enumerations = map[string][]any{
	"jsonFinding.Severity":          texts(impact.Critical, impact.High, impact.Medium, impact.Low, impact.Info),
	"jsonFinding.Confidence":        texts(impact.Exact, impact.Approximate),
	"jsonFinding.Undo":              texts(cause.Any, cause.All),
	"jsonDifference.Effect":         {"opened", "blocked", "none"},
	"jsonDifference.Undo":           texts(cause.Any, cause.All),
	"jsonAllowed.Confidence":        texts(impact.Exact, impact.Approximate),
	"jsonExplainedState.Confidence": texts(impact.Exact, impact.Approximate),
	"jsonPair.Confidence":           texts(impact.Exact, impact.Approximate),
	"jsonFinding.Kind":              texts(impact.Opened, impact.Blocked, impact.Workload, impact.Path, impact.Hygiene, impact.Promise, impact.Waiver),
	"jsonPromise.Confidence":        texts(impact.Exact, impact.Approximate),
	"jsonPromise.Status":            texts(promise.Kept, promise.Broken, promise.Empty, promise.Undecided),
	"jsonPromise.Expect":            {"allowed", "denied"},
	"jsonChecked.Conclusion":        {"pass", "fail"},
	"jsonStep.Verdict":              {"allow", "deny", "pass"},
	"jsonCause.Side":                {"base", "head"},
	"jsonGate.Conclusion":           {"pass", "fail"},
	"jsonDiagnostic.Severity":       texts(manifest.Error, manifest.Warning, manifest.Info),
	"jsonPort.Protocol":             texts(policy.TCP, policy.UDP, policy.SCTP, policy.ICMP, policy.ICMPv6, policy.IP),
}

func texts[T ~string](values ...T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// schemer makes a schema of the types in json_form.go.
type schemer struct {
	comments map[string]string // by type and field
	defs     map[string]any
	// strict refuses keys that no type has: a published schema must not, because keys are added.
	strict bool
	// free accepts any value under a key: of inputs whose very words are hostile, only the form can be right.
	free bool
}

func (s *schemer) of(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.of(t.Elem())}
	case reflect.Struct:
		name := strings.ToLower(strings.TrimPrefix(t.Name(), "json"))
		if s.defs[name] == nil {
			s.defs[name] = true // a type may hold itself
			s.defs[name] = s.object(t)
		}
		return map[string]any{"$ref": "#/$defs/" + name}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.String:
		return map[string]any{"type": "string"}
	}
	panic("no schema for " + t.String())
}

func (s *schemer) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		key, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		of := s.of(f.Type)
		if values := enumerations[t.Name()+"."+f.Name]; values != nil && !s.free {
			of = map[string]any{"enum": values}
		}
		of["description"] = s.comments[t.Name()+"."+f.Name]
		properties[key] = of
		if option == "" {
			required = append(required, key)
		}
	}
	out := map[string]any{"type": "object", "description": s.comments[t.Name()], "properties": properties, "required": required}
	if s.strict {
		out["additionalProperties"] = false
	}
	if t == reflect.TypeFor[jsonPeer]() {
		// Peers of more kinds may come, each with a key of its own.
		out["minProperties"], out["maxProperties"] = 1, 1
		delete(out, "required")
	}
	return out
}

func (s *schemer) document(name string) map[string]any {
	s.defs = map[string]any{}
	of := schemas[name]
	out := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$id":     "https://raw.githubusercontent.com/netpol-impact/netpol-impact/main/docs/schema/" + name + ".schema.json",
		"title":   of.version,
	}
	for key, value := range s.object(of.form) {
		out[key] = value
	}
	out["properties"].(map[string]any)["schema"].(map[string]any)["const"] = of.version
	if name == "list" {
		// With --expand each row is a pair.
		out["properties"].(map[string]any)["connections"].(map[string]any)["items"] = map[string]any{
			"oneOf": []any{s.of(reflect.TypeFor[jsonAllowed]()), s.of(reflect.TypeFor[jsonPair]())},
		}
	}
	out["$defs"] = s.defs
	return out
}

// readComments reads what the types' comments say, each as one line without the name in front.
func readComments(t testing.TB) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "json_form.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	say := func(name string, doc *ast.CommentGroup) {
		text := strings.Join(strings.Fields(doc.Text()), " ")
		if text == "" {
			t.Errorf("json_form.go: %s has no comment", name)
		}
		_, text, _ = strings.Cut(text, " ")
		for _, verb := range []string{"is ", "are "} {
			text = strings.TrimPrefix(text, verb)
		}
		out[name] = strings.ToUpper(text[:1]) + text[1:]
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		say(spec.Name.Name, spec.Doc)
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			say(spec.Name.Name+"."+f.Names[0].Name, f.Doc)
		}
		return false
	})
	return out
}

func schemaText(t testing.TB, name string, s schemer) []byte {
	t.Helper()
	s.comments = readComments(t)
	text, err := json.MarshalIndent(s.document(name), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// TestTheSchemasAreGenerated keeps the published schemas what the types say.
func TestTheSchemasAreGenerated(t *testing.T) {
	for name := range schemas {
		golden(t, filepath.Join("..", "..", "docs", "schema", name+".schema.json"), schemaText(t, name, schemer{}))
	}
}

func compileSchema(t testing.TB, text []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("https://example.org/schema", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("https://example.org/schema")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func validate(t testing.TB, schema *jsonschema.Schema, name string, text []byte) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// TestWhatIsWrittenMeetsItsSchema validates every reviewed JSON, with keys that no schema tells refused.
func TestWhatIsWrittenMeetsItsSchema(t *testing.T) {
	compiled := map[string]*jsonschema.Schema{}
	for name, of := range schemas {
		compiled[of.version] = compileSchema(t, schemaText(t, name, schemer{strict: true}))
	}
	free := compileSchema(t, schemaText(t, "diff", schemer{strict: true, free: true}))
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	check := func(name string, text []byte) {
		t.Helper()
		var head struct{ Schema string }
		if err := json.Unmarshal(text, &head); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if compiled[head.Schema] == nil {
			t.Fatalf("%s: no schema %q", name, head.Schema)
		}
		if name == filepath.Join("testdata", "hostile.json") {
			validate(t, free, name, text)
			return
		}
		validate(t, compiled[head.Schema], name, text)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		check(file, text)
	}
	var b bytes.Buffer
	if err := JSON(&b, &everyKey); err != nil {
		t.Fatal(err)
	}
	check("every key", b.Bytes())
	b.Reset()
	one := impact.Decision{Steps: []impact.Step{{Object: "NetworkPolicy shop/a", File: "a.yaml", Line: 1, Rule: "spec.ingress[0]", Verdict: "deny", Decides: true}}}
	explained := impact.Explained{
		Question: impact.Question{Protocol: policy.TCP, Port: 80},
		States: []impact.Explanation{{State: "base", Missing: "there is no workload web"}, {
			State: "head", Source: pod("shop", "web"), Destination: internet, Egress: one, Ingress: one, Confidence: impact.Exact, Diagnostics: everyKey.Diagnostics,
		}},
		Change: &impact.Difference{Blocked: true, Causes: everyKey.Clusters[0].Findings[0].Causes, Undo: cause.All},
	}
	if err := ExplainJSON(&b, &explained); err != nil {
		t.Fatal(err)
	}
	check("an explanation", b.Bytes())
}

// TestTheSchemasRefuse shows that a schema is no empty promise.
func TestTheSchemasRefuse(t *testing.T) {
	compiled := compileSchema(t, schemaText(t, "diff", schemer{}))
	var b bytes.Buffer
	if err := JSON(&b, &everyKey); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new string }{
		{`"schema": "netpol-impact/diff/v1"`, `"schema": "netpol-impact/diff/v2"`},
		{`"severity":"high"`, `"severity":"dreadful"`},
		{`"fingerprint":`, `"finger":`},
		{`{"name":"example.com"}`, `{}`},
		{`"conclusion":"pass"`, `"conclusion":true`},
		{`"protocol":"TCP"`, `"protocol":"tcp"`},
	} {
		text := strings.Replace(b.String(), c.old, c.new, 1)
		if text == b.String() {
			t.Fatalf("there is no %s in %s", c.old, text)
		}
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if compiled.Validate(document) == nil {
			t.Errorf("%s is accepted", c.new)
		}
	}
}

// everyKey has something under every key.
var everyKey = impact.Result{
	Base: "main", Head: "topic", Gate: impact.Gate{Pass: true, Reasons: []string{"none"}},
	Clusters: []impact.Cluster{{
		Name: "prod", Targets: []string{"overlays/prod"},
		Findings: []impact.Finding{{
			ID: "F1", Rule: "O4", Severity: impact.High, Confidence: impact.Exact, Kind: impact.Opened, Narrowed: true,
			Title: "t", Explanation: "e", Advice: "a", Fingerprint: "f", Undo: cause.Any,
			Connections: []impact.Connection{{
				Sources:      []impact.Peer{pod("shop", "web"), potential("*", "app=a"), internet, {Name: "example.com"}},
				Destinations: pods("shop", "cart"), Ports: everyProtocol, Count: 4,
			}},
			Causes:   []impact.Cause{{Object: "NetworkPolicy shop/a", File: "a.yaml", Line: 1, Side: "head", Change: "added"}},
			Evidence: []impact.Evidence{{Kind: "k", Text: "t", File: "a.yaml", Line: 2}},
		}},
		BlastRadius: []impact.Radius{{Workload: impact.WorkloadID{Kind: "Pod", Namespace: "shop", Name: "web"}, Before: 1, After: 2}}, RadiiUnasked: 3,
		Changes: []impact.Change{{Source: pod("shop", "web"), Destination: pod("shop", "cart"), Opened: everyProtocol, Blocked: port(policy.UDP, 1)}},
	}},
	Diagnostics: []manifest.Diagnostic{{Severity: manifest.Info, Object: "o", File: "f", Line: 1, Message: "m"}},
}

// everyProtocol has a range of each protocol, of ICMP a message, two whole types and all.
var everyProtocol = []policy.PortRange{
	{Protocol: policy.TCP, From: 80, To: 443}, {Protocol: policy.UDP, From: 53, To: 53}, {Protocol: policy.SCTP, From: 1, To: 65535},
	{Protocol: policy.ICMP, From: 3<<8 | 4, To: 3<<8 | 4}, {Protocol: policy.ICMP, From: 8 << 8, To: 9<<8 | 255}, {Protocol: policy.ICMPv6, From: 0, To: 65535},
	{Protocol: policy.IP, From: 47, To: 47},
}

// TestMessagesAreToldByTypeAndCode holds for what has no ports.
func TestMessagesAreToldByTypeAndCode(t *testing.T) {
	got, err := json.Marshal(portsJSON(everyProtocol[3:]))
	want := `[{"protocol":"ICMP","type":3,"code":4},{"protocol":"ICMP","type":8},{"protocol":"ICMP","type":9},{"protocol":"ICMPv6"},{"protocol":"IP","from":47,"to":47}]`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

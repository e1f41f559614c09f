package kustomize

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/kyaml/utils"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// A patch is one thing that a kustomization changes about objects, with the file and lines it is written on. It says
// where a changed field was written; what changes, kustomize alone decides.
type patch struct {
	file string
	// kind and name are patterns of the objects that are changed; nil fits all.
	kind, name *regexp.Regexp
	// at is where in the object value goes: the keys and indexes on the way.
	at    []string
	value *manifest.Node
	// labels tells that value is a map of labels, which go into every map of labels and selectors.
	labels bool
	// computed tells that value is only where the value comes from, and removes that at goes.
	computed, removes bool
}

// patchesOf lists what a kustomization changes, in the order in which kustomize does.
func patchesOf(tree fs.FS, k *kustomization) []patch {
	text, err := fs.ReadFile(tree, k.file)
	if err != nil {
		return nil // a deployer's own kustomization: nobody wrote it
	}
	root := parseLines(text)
	r := patchReader{tree: tree, k: k, lines: strings.Split(string(text), "\n")}
	for _, entry := range root.Get("patchesStrategicMerge").Elements() {
		r.pathOrText(&entry, nil)
	}
	for _, field := range []string{"patches", "patchesJson6902"} {
		for _, entry := range root.Get(field).Elements() {
			if inline := entry.Get("patch"); inline != nil {
				r.inline(inline, entry.Get("target"))
			} else {
				r.pathOrText(entry.Get("path"), entry.Get("target"))
			}
		}
	}
	r.fields(root)
	return r.found
}

type patchReader struct {
	tree fs.FS
	k    *kustomization
	// lines are those of the kustomization's file.
	lines []string
	found []patch
}

// parseLines parses the first document of a file; nil if it cannot be.
func parseLines(text []byte) *manifest.Node {
	var root yaml.Node
	if yaml.Unmarshal(text, &root) != nil || manifest.BoundAliases(&root) != nil {
		return nil
	}
	n, err := manifest.FromYAML(&root, 0)
	if err != nil {
		return nil
	}
	return n
}

func (r *patchReader) pathOrText(ref, target *manifest.Node) {
	if isInline(ref.Str()) {
		r.inline(ref, target)
		return
	}
	at, err := r.k.place("patches", ref.Str())
	if err != nil || ref.Str() == "" {
		return
	}
	text, err := fs.ReadFile(r.tree, at)
	if err != nil {
		return
	}
	for doc := range manifest.Documents(text) {
		r.add(at, parseLines(doc.Text), doc.Line-1, target)
	}
}

// inline reads a patch in the text of the kustomization. The text of a block begins on the line after its indicator; of
// any other text, all parts are said to stand on its first line.
func (r *patchReader) inline(text, target *manifest.Node) {
	first, _, _ := strings.Cut(text.Str(), "\n")
	isBlock := text.LineOr(0) > 0 && text.Line < len(r.lines) && !strings.Contains(r.lines[text.Line-1], first) &&
		strings.Contains(r.lines[text.Line], first)
	for doc := range manifest.Documents([]byte(text.Str())) {
		root := parseLines(doc.Text)
		switch {
		case root == nil:
		case isBlock:
			r.add(r.k.file, root, text.Line+doc.Line-1, target)
		default:
			root.SetLines(text.Line)
			r.add(r.k.file, root, 0, target)
		}
	}
}

// add notes a strategic patch or the operations of a JSON patch, whose lines count from offset.
func (r *patchReader) add(file string, root *manifest.Node, offset int, target *manifest.Node) {
	if root == nil {
		return
	}
	shift(root, offset)
	p := patch{file: file, kind: pattern(target.Get("kind").Str()), name: pattern(target.Get("name").Str())}
	if root.Kind == manifest.Map {
		if target == nil {
			p.kind, p.name = pattern(regexp.QuoteMeta(root.Get("kind").Str())), pattern(regexp.QuoteMeta(root.Get("metadata", "name").Str()))
		}
		p.value = root
		r.found = append(r.found, p)
		return
	}
	for i := range root.Elements() {
		op := &root.Items[i]
		p.at, p.value = pointer(op.Get("path").Str()), op.Get("value")
		p.removes = op.Get("op").Str() == "remove"
		if p.computed = p.value == nil; p.computed {
			p.value = op
		}
		r.found = append(r.found, p)
	}
}

func shift(n *manifest.Node, lines int) {
	n.Line += lines
	for i := range n.Items {
		shift(&n.Items[i], lines)
	}
}

// pattern matches whole names as kustomize does; a pattern that is none fits nothing else than all.
func pattern(text string) *regexp.Regexp {
	if text == "" {
		return nil
	}
	p, err := regexp.Compile("^(?:" + text + ")$")
	if err != nil {
		return nil
	}
	return p
}

// pointer splits a JSON pointer.
func pointer(text string) []string {
	keys := strings.Split(strings.TrimPrefix(text, "/"), "/")
	for i, key := range keys {
		keys[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
	}
	return keys
}

// fields are what a kustomization changes by fields of its own.
func (r *patchReader) fields(root *manifest.Node) {
	file := r.k.file
	if n := root.Get("namespace"); n != nil {
		r.found = append(r.found, patch{file: file, at: []string{"metadata", "namespace"}, value: n})
	}
	for _, entry := range root.Get("labels").Elements() {
		r.found = append(r.found, patch{file: file, labels: true, value: entry.Get("pairs")})
	}
	r.found = append(r.found, patch{file: file, labels: true, value: root.Get("commonLabels")})
	for _, entry := range root.Get("replicas").Elements() {
		r.found = append(r.found, patch{file: file, name: pattern(regexp.QuoteMeta(entry.Get("name").Str())), at: []string{"spec", "replicas"}, value: entry.Get("count")})
	}
	for _, entry := range root.Get("replacements").Elements() {
		r.replacement(file, &entry)
		if ref := entry.Get("path").Str(); ref != "" {
			at := path.Join(r.k.dir, ref)
			if text, err := fs.ReadFile(r.tree, at); err == nil {
				r.replacementFile(at, parseLines(text))
			}
		}
	}
	r.found = slices.DeleteFunc(r.found, func(p patch) bool { return p.value == nil })
}

// replacementFile reads one replacement or a list of them.
func (r *patchReader) replacementFile(file string, root *manifest.Node) {
	if root == nil {
		return
	}
	if root.Kind == manifest.Map {
		r.replacement(file, root)
	}
	for i := range root.Elements() {
		r.replacement(file, &root.Items[i])
	}
}

func (r *patchReader) replacement(file string, entry *manifest.Node) {
	for _, target := range entry.Get("targets").Elements() {
		fields := target.Get("fieldPaths").Elements()
		for i := range fields {
			r.found = append(r.found, patch{
				file: file, kind: pattern(target.Get("select", "kind").Str()), name: pattern(target.Get("select", "name").Str()),
				at: utils.SmarterPathSplitter(fields[i].Str(), "."), value: &fields[i], computed: true,
			})
		}
	}
}

// appliesTo tells whether a patch may change an object. The name may have got a prefix or a suffix since.
func (p patch) appliesTo(o *manifest.Object, written string) bool {
	return (p.kind == nil || p.kind.MatchString(o.Kind)) &&
		(p.name == nil || p.name.MatchString(o.Name) || p.name.MatchString(written))
}

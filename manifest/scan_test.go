package manifest

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// checkScan fails unless the scanner leaves a text alone or reads it as the YAML library does. It tells whether the
// scanner read it.
func checkScan(t *testing.T, text string) bool {
	t.Helper()
	const line = 7
	got := new(scanner).scan(text, line)
	if got == nil {
		return false
	}
	want, err := parseYAML(Document{Text: []byte(text), Line: line})
	if err != nil {
		t.Fatalf("the scanner read what is broken (%v):\n%s\n%s", err, text, dump(got))
	}
	if !sameNodes(got, want) {
		t.Fatalf("text:\n%s\nscanner:\n%s\nlibrary:\n%s", text, dump(got), dump(want))
	}
	return true
}

func sameNodes(a, b *Node) bool {
	return a.Kind == b.Kind && a.Line == b.Line && a.Text == b.Text &&
		slices.EqualFunc(a.Items, b.Items, func(x, y Node) bool { return sameNodes(&x, &y) })
}

func dump(n *Node) string {
	var b strings.Builder
	var write func(n *Node, depth int)
	write = func(n *Node, depth int) {
		fmt.Fprintf(&b, "%*s%d %s %q\n", 2*depth, "", n.Line, n.Kind, n.Text)
		for i := range n.Items {
			write(&n.Items[i], depth+1)
		}
	}
	write(n, 0)
	return b.String()
}

// What the scanner must read by itself: if it left these to the library, large clusters would take many times longer.
var scanned = []string{
	"a: 1\nb: two\n",
	"# comment\n\na: 1 # one\n  # two\nb:   x y#z  # three\n",
	"\n  a: 1\n  b: 2",
	" # after the marker\na:\n  b:\n    c: d\n  e: f\n",
	"a:\n- 1\n- b: c\n  d: e\n-\n  f: g\n- \n- - x\n  - y\n-   h:\n    - i\nj:\n  - k\n",
	"a:\nb:\n  # nothing\nc: ~\n",
	"a: 'x: y'\nb: \"# {}\"   # c\n\"c\": d\n'e' : f\ng : h\n",
	"a: [x, 'y z', 1, [b], {c: d, \"e\": f}]\nb: {}\nc: [ ]\nd: { g: [h] }\n",
	"a: http://x/y?z=1\nb: -1\nc: a - b\nd: x:y\n",
	"a: |\n  one\n\n    two\t\n  three  \n\n\nb: >-\n\n  four\n  five\n\n\n  six\n# end\nc: |+\n  seven\n\nd: 1\n",
	"- |-\n text\n-\n - b\n- c: >\n   d\n",
	"a: long text\n  goes on - [here]\n\n  and here\nb:\n- x\n  y\n",
	"a: 'it''s'''\nb: {c: \"{\\\"d\\\": \\\"\\\\\\n\\t\\\"}\"}\n'e''': ''''\n",
	"a: é ☃ 𝄞\n",
}

func TestCommonYAMLIsScanned(t *testing.T) {
	for _, text := range scanned {
		if !checkScan(t, text) {
			t.Errorf("left to the library:\n%s", text)
		}
	}
}

// What only the library may judge.
var notScanned = []string{
	"", "# nothing\n", "a", "- \n- a\nb: c\n", "a: &x 1\n", "a: *x\n", "a: !!str 1\n", "<<: {a: b}\n", "{<<: {a: b}}\n", "a: {<<: {b: c}}\n",
	"a: 1\na: 2\n", "a: {b: 1, b: 2}\n", "a: \"\\u0041\"\n", "a: \"x\\\n\"\n", "a: 'x\n  y'\n", "a:\tb\n", "a: b\n  c: d\n",
	"a: b: c\n", "a: b:\n", "a: [b\n", "a: [b,]\n", "a: [b] c\n", "a: 'b' c\n", "a: 'b'#c\n", "a: |2\n   b\n", "a: |\n",
	"a: @b\n", "a: `b`\n", "a: %b\n", "? a\n: b\n", "%YAML 1.1\n", "a: b\r\n", "a: \x00\n", "a: \xff\n", "a: \u2028b\n",
	"a:\n   b: c\n  d: e\n", "a: b\n # c\n  d\n", "a: - b\n", "- a: b\n   c: d\n", "a:\n- b\n  - c: d\n", "--- :\n", "a:\n... :\n",
}

func TestUncommonYAMLIsNotScanned(t *testing.T) {
	for _, text := range notScanned {
		if checkScan(t, text) {
			t.Errorf("not left to the library:\n%s", text)
		}
	}
}

func TestManyKeysAreCheckedForDuplicates(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "key%d: %d\n", i, i)
	}
	if !checkScan(t, b.String()) || checkScan(t, b.String()+"key500: x\n") {
		t.Error("wrong")
	}
}

// A dump of a whole cluster is one List, and has no aliases that could make it grow.
func TestALargeDocumentIsNoExpandedAlias(t *testing.T) {
	text := "apiVersion: v1\nkind: List\nitems: []\nmore:\n" + strings.Repeat("- 1\n", maxNodes+1)
	if _, problems := Read("x.yaml", []byte(text)); problems != nil {
		t.Error(problems)
	}
}

// pieces make lines that are nearly YAML.
var pieces = []string{
	"- ", "-", "a: ", "b:", "b: ", "c : ", "'d': ", "\"e\": ", "x", "x y", "1", "true", "~", "", " ", "  ", "#", " # c", "'", "\"", "|", ">", "|-", ">+",
	"[", "]", "{", "}", "''", "\\n", "\\\"", "\"t\\\"u\"", "'v''w'", ", ", ",", ":", ": ", "?", "&a ", "*a", "!", "<<: ", "é", "'q r'", "\"s\"", "[x, y]", "{a: b}", "{}", "\t", "%", "@", "-1", ".5", "f#g", "h:i", "\\",
}

func randomYAML(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(7) {
		if r.IntN(8) > 0 {
			b.WriteString(strings.Repeat(" ", r.IntN(5)))
			// Most lines begin as in real files, or nothing would ever be read.
			b.WriteString([]string{"", "- ", "a: ", "b: ", "c:", "- d: ", "e: |", "x"}[r.IntN(8)])
			for range r.IntN(3) {
				b.WriteString(pieces[r.IntN(len(pieces))])
			}
		}
		if r.IntN(30) > 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func TestTheScannerAgreesWithTheLibraryOnRandomTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	read := 0
	const rounds = 100_000
	for range rounds {
		if checkScan(t, randomYAML(r)) {
			read++
		}
	}
	if read < rounds/20 {
		t.Errorf("only %d of %d texts were read", read, rounds)
	}
}

// The project's own scenarios are files as people write them.
func TestTheScannerAgreesWithTheLibraryOnTheProjectsFiles(t *testing.T) {
	read, all := 0, 0
	for _, pattern := range []string{"../testdata/script/*.txtar", "../render/*/testdata/*.txtar"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range archive.Files {
				for doc := range Documents(f.Data) {
					if mayBeObject(doc.Text) {
						all++
						if checkScan(t, string(doc.Text)) {
							read++
						}
					}
				}
			}
		}
	}
	t.Logf("%d of %d documents were scanned", read, all)
	if 2*read < all {
		t.Error("most are left to the library")
	}
}

func FuzzScanAgainstYAML(f *testing.F) {
	for _, text := range slices.Concat(scanned, notScanned) {
		f.Add(text)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		f.Add(randomYAML(r))
	}
	f.Fuzz(func(t *testing.T, text string) { checkScan(t, text) })
}

package cause

import (
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

func TestADifferenceIsWordedInnermostWithItsLine(t *testing.T) {
	for _, c := range []struct {
		before, after, want string
		line                int
	}{
		{"a: {b: 1}", "a: {b: 2}", "spec.a.b: 1 → 2", 4},
		{"a: {b: 1}", "a: {b: 1, c: 2}", "spec.a.c added", 4},
		{"a: {b: 1, c: 2}", "a: {b: 1}", "spec.a.c removed", 4},
		{"a: [x, y]", "a: [x, z]", "spec.a[1]: y → z", 4},
		{"a: [x, y]", "a: [x, n, y]", "spec.a[1] added", 4},
		{"a: [x, y]", "a: [y]", "spec.a[0] removed", 4},
		{"a: [x, y]", "a: [u, v, w]", "spec.a edited", 4},
		{"a: [x, y]", "a: [u, v]", "spec.a[0]: x → u, spec.a[1]: y → v", 4},
		{"a: [x, y]", "a: [y, x]", "spec.a reordered", 4},
		{"a:\n  - x\n  - y", "a:\n  - y\n  - z", "spec.a[1]: x → z", 6},
		{"a:\n  - x\n  - y\n  - z", "a:\n  - x\n  - u\n  - v", "spec.a[1]: y → u, spec.a[2]: z → v", 6},
		{"a: [x]", "a: [x, y, z]", "spec.a[1] added, spec.a[2] added", 4},
		{"a: [x, y, z]", "a: [y]", "spec.a[0] removed, spec.a[2] removed", 4},
		{"a: [p, q, r, s]", "a: [t, u, v, w]", "spec.a edited", 4},
		{"a: 1\n  b: 1", "a: 2\n  b: 2", "spec.a: 1 → 2, spec.b: 1 → 2", 4},
		{"a: 1\n  b: 1", "a: 1\n  b: 2", "spec.b: 1 → 2", 5},
		{"a: 1", "a: {b: 1}", "spec.a edited", 4},
		{"{a: 1, b: 1, c: 1, d: 1}", "{a: 2, b: 2, c: 2, d: 2}", "spec edited", 4},
	} {
		text, at := difference(spec(t, c.before), spec(t, c.after), "spec")
		if text != c.want || at.LineOr(4) != c.line {
			t.Errorf("%q → %q: got %q in line %d, want %q in line %d", c.before, c.after, text, at.LineOr(4), c.want, c.line)
		}
	}
}

func spec(t *testing.T, text string) *manifest.Node {
	t.Helper()
	objects, problems := manifest.Read("x.yaml", []byte("apiVersion: v1\nkind: X\nspec:\n  "+text+"\n"))
	if len(problems) > 0 || len(objects) != 1 {
		t.Fatal(problems)
	}
	return objects[0].Body.Get("spec")
}

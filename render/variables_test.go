package render

import (
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// What Flux does not say is the same on both sides only if two variables without a known value stay two.
func TestVariables(t *testing.T) {
	for _, test := range []struct{ written, whole, partial string }{
		{"${KNOWN}", "value", "value"},
		{"a-${KNOWN}-b", "a-value-b", "a-value-b"},
		{"$${KNOWN}", "${KNOWN}", "${KNOWN}"},
		{"$KNOWN", "$KNOWN", "$KNOWN"},
		{"${KNOWN:-other}", "value", "value"},
		{"${KNOWN:=other}", "value", "value"},
		{"${KNOWN:0:3}", "val", "val"},
		{"${KNOWN^^}", "VALUE", "VALUE"},
		{"a${UNKNOWN}", "a", "a${UNKNOWN}"},
		{"a$${UNKNOWN}", "a${UNKNOWN}", "a${UNKNOWN}"},
		{"${UNKNOWN:-other}", "other", "other"},
		{"${UNKNOWN:=other}", "other", "other"},
		{"${UNKNOWN=other}", "other", "other"},
		{"a${UNKNOWN:0:3}", "a", "a${UNKNOWN:0:3}"},
		{"a${UNKNOWN^^}", "a", "a${UNKNOWN^^}"},
		{"a${UNKNOWN/x/y}", "a", "a${UNKNOWN/x/y}"},
		{"a${UNKNOWN%x}", "a", "a${UNKNOWN%x}"},
		{"a${#UNKNOWN}", "a0", "a${#UNKNOWN}"},
		{"${UNKNOWN:-${KNOWN}}", "value", "value"},
		{"a${UNKNOWN:-${OTHER}}", "a", "a${UNKNOWN:-${OTHER}}"},
		{"${KNOWN:-${OTHER}}", "value", "value"},
		{"${EMPTY:-other}", "other", "other"},
		{"a${EMPTY}", "a", "a"},
		{"a${EMPTY:-${OTHER}}", "a", "a${EMPTY:-${OTHER}}"},
		{"a$${UNKNOWN:0:3}", "a${UNKNOWN:0:3}", "a${UNKNOWN:0:3}"},
		{"${KNOWN}-${UNKNOWN}-${OTHER:-x}", "value--x", "value-${UNKNOWN}-x"},
	} {
		for _, partial := range []bool{false, true} {
			want := test.whole
			if partial {
				want = test.partial
			}
			objects, _ := manifest.Read("a.yaml", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '"+test.written+"'}\n"))
			v := Variables{Values: map[string]string{"KNOWN": "value", "EMPTY": ""}, Partial: partial}
			got, problems := v.substitute(objects)
			if len(problems) > 0 {
				t.Errorf("%s: %v", test.written, problems)
				continue
			}
			if text := got[0].Body.Get("data", "a").Text; strings.TrimSpace(text) != want {
				t.Errorf("%s, partial %v: %q, want %q", test.written, partial, text, want)
			}
		}
	}
}

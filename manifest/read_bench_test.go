package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/internal/generate"
)

func BenchmarkRead(b *testing.B) {
	base, _ := generate.Large(generate.Size{Workloads: 500, Policies: 500, Edits: 5})
	text := strings.Join(base.All(), "---\n")
	for name, read := range map[string]func(){
		"scanner": func() { Read("all.yaml", []byte(text)) },
		"library": func() {
			for doc := range Documents([]byte(text)) {
				if _, err := parseYAML(doc); err != nil {
					b.Fatal(err)
				}
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				read()
			}
		})
	}
}

// A map of the pull request has as many keys as it likes: what one costs must not grow with them. The library reads the
// maps of the first kind, the scanner those of the second.
func BenchmarkWideMap(b *testing.B) {
	for _, size := range []int{1_000, 10_000, 100_000} {
		for _, kind := range []struct{ name, before string }{
			{"library", "data:\n  own: &anchor v\n"},
			{"merged", "more: &more {" + wide("m%d: v, ", size) + "last: v}\ndata:\n  <<: *more\n"},
			{"scanner", "data:\n"},
		} {
			text := []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n" + kind.before + wide("  k%d: v\n", size))
			b.Run(fmt.Sprintf("%s/%d", kind.name, size), func(b *testing.B) {
				for b.Loop() {
					if _, problems := Read("a.yaml", text); len(problems) > 0 {
						b.Fatal(problems)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/key")
			})
		}
	}
}

func wide(format string, size int) string {
	var text strings.Builder
	for i := range size {
		fmt.Fprintf(&text, format, i)
	}
	return text.String()
}

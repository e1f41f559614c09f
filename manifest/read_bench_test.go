package manifest

import (
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

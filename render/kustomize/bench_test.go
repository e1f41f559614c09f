package kustomize

import (
	"context"
	"os"
	"testing"
)

func BenchmarkBuild(b *testing.B) {
	tree := os.DirFS("../../testdata/boutique/head")
	for b.Loop() {
		if _, _, err := Build(context.Background(), tree, "kustomize"); err != nil {
			b.Fatal(err)
		}
	}
}

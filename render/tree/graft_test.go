package tree_test

import (
	"testing"
	"testing/fstest"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

func TestAGraftStandsInThePlaceOfAFolder(t *testing.T) {
	own := fstest.MapFS{"a.yaml": {Data: []byte("own")}, "put/b.yaml": {Data: []byte("own")}, "put2/c.yaml": {Data: []byte("own")}}
	g := tree.Graft(own)
	g.Put("put", tree.Memory(map[string][]byte{"deep/d.yaml": []byte("other")}))
	want(t, "the whole", files(t, g), "a.yaml=own put/deep/d.yaml=other put2/c.yaml=own")
	if _, err := g.Stat("put/b.yaml"); err == nil {
		t.Error("what was there is still there")
	}
	if at, err := g.Stat("put"); err != nil || !at.IsDir() {
		t.Errorf("its root is %v, %v", at, err)
	}
}

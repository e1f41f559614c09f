package tree_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/render/tree"
)

// packed is a repository's commit with two files and a link, as a pack.
func packed(t testing.TB) (pack []byte, first, second string) {
	t.Helper()
	origin := newRepo(t)
	origin.write("deep/a.yaml", strings.Repeat("first line\n", 50))
	first = origin.commit("first")
	origin.write("deep/a.yaml", strings.Repeat("first line\n", 50)+"second")
	origin.write("deep/b.yaml", strings.Repeat("first line\n", 40)+"third")
	second = origin.commit("second")
	s := serve(t, origin)
	from := tree.Elsewhere{Address: s.URL + "/.git", Client: &http.Client{}}
	pack, err := from.Pack(t.Context(), second, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return pack, first, second
}

func TestAPackHoldsTheCommitThatIsNamed(t *testing.T) {
	pack, first, second := packed(t)
	unpacked, err := tree.Unpack(pack, second)
	if err != nil {
		t.Fatal(err)
	}
	if got := files(t, unpacked); !strings.Contains(got, "second") || !strings.Contains(got, "third") {
		t.Errorf("got %s", got)
	}
	// What a pack says is found by what git computes from it: nothing else can be taken for the commit.
	_, err = tree.Unpack(pack, first)
	wantError(t, err, "the pack lacks the commit "+first)
	for _, broken := range [][]byte{nil, pack[:len(pack)/2], bytes.Replace(pack, []byte("PACK"), []byte("KCAP"), 1)} {
		if _, err := tree.Unpack(broken, second); err == nil {
			t.Error("a broken pack is read")
		}
	}
	for i := range pack {
		changed := bytes.Clone(pack)
		changed[i] ^= 0x40
		read, err := tree.Unpack(changed, second)
		if err != nil {
			continue
		}
		got := files(t, read)
		if want := files(t, unpacked); got != want && !strings.Contains(got, "!") {
			t.Fatalf("byte %d changed is read as %s", i, got)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	pack, _, second := packed(f)
	f.Add(pack)
	f.Fuzz(func(t *testing.T, pack []byte) {
		read, err := tree.Unpack(pack, second)
		if err != nil {
			return
		}
		_, _ = read.ReadFile("deep/a.yaml") // it must not crash
	})
}

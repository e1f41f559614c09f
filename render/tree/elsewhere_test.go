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
	all, err := tree.Unpack(pack, second)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := tree.Unpacked(all, second)
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
	want := files(t, unpacked)
	for name, text := range map[string][]byte{"pack": pack, "answer": all} {
		for i := range text {
			changed := bytes.Clone(text)
			changed[i] ^= 0x40
			if name == "pack" {
				if changed, err = tree.Unpack(changed, second); err != nil {
					continue
				}
			}
			read, err := tree.Unpacked(changed, second)
			if err != nil {
				continue
			}
			if got := files(t, read); got != want {
				t.Fatalf("the %s with byte %d changed is read as %s", name, i, got)
			}
		}
	}
}

func FuzzUnpack(f *testing.F) {
	pack, _, second := packed(f)
	f.Add(pack)
	all, err := tree.Unpack(pack, second)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, text []byte) {
		if all, err := tree.Unpack(text, second); err == nil {
			text = all
		}
		read, err := tree.Unpacked(text, second)
		if err != nil {
			return
		}
		if got := files(t, read); !strings.Contains(got, "second") || !strings.Contains(got, "third") {
			t.Errorf("the commit has the files %s", got)
		}
	})
}

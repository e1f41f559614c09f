package discover

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatIsUnderAFolder(t *testing.T) {
	sorted := []string{"a", "a-b", "a/b", "a/b/c", "a0", "b/a"}
	for folder, want := range map[string]string{
		"a": "a a/b a/b/c", "a/b": "a/b a/b/c", "b": "b/a", "a/b/c/d": "", "c": "", ".": "a a-b a/b a/b/c a0 b/a",
	} {
		if got := strings.Join(slices.Collect(under(sorted, folder)), " "); got != want {
			t.Errorf("under %s are %q, want %q", folder, got, want)
		}
		for first := range under(sorted, folder) {
			if first != strings.Fields(want)[0] {
				t.Errorf("the first under %s is %s", folder, first)
			}
			break
		}
	}
}

func TestATakingIsAskedForItsPartOnly(t *testing.T) {
	sorted := []string{"a/b", "a/c", "d/e", "f"}
	taking := taking{names: map[string]bool{"f": true, "a/b": true, "gone": true}, below: "a", part: func(name string) bool { return name != "a/c" }}
	if got := slices.Collect(taking.among(sorted)); !slices.Equal(got, []string{"a/b", "f"}) {
		t.Errorf("it takes %q", got)
	}
}

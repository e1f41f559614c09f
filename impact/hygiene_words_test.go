package impact

import "testing"

// TestSeveralObjectsAreNamedByTheirKind holds for titles of remarks on several objects.
func TestSeveralObjectsAreNamedByTheirKind(t *testing.T) {
	for _, c := range []struct {
		objects []string
		want    string
	}{
		{[]string{"NetworkPolicy shop/a", "NetworkPolicy shop/b"}, "NetworkPolicies shop/a and shop/b"},
		{[]string{"Deployment shop/a", "NetworkPolicy shop/b"}, "Deployment shop/a and NetworkPolicy shop/b"},
		{[]string{"NetworkPolicy a", "NetworkPolicy b", "NetworkPolicy c", "NetworkPolicy d"}, "4 NetworkPolicies, among them a,"},
		{[]string{"NetworkPolicy a", "NetworkPolicy b", "NetworkPolicy c", "Service d"}, "4 objects, among them NetworkPolicy a,"},
	} {
		if got := objectsInWords(c.objects); got != c.want {
			t.Errorf("%v: got %q, want %q", c.objects, got, c.want)
		}
	}
}

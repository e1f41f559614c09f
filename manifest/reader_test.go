package manifest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

const (
	service  = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  type: NodePort\n"
	nameless = "apiVersion: v1\nkind: Service\nmetadata:\n  labels: {}\n"
	list     = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: b}\n- {apiVersion: v1, kind: Service, metadata: {name: &x c}}\n"
)

func TestWhatIsWrittenTwiceIsParsedOnceAndKeepsItsOwnLines(t *testing.T) {
	var r Reader
	base, _ := r.Read("base.yaml", []byte(service+"---\n"+list))
	text := "# moved\n\n---\n" + service + "---\n" + list
	head, _ := r.Read("head.yaml", []byte(text))
	alone, _ := Read("head.yaml", []byte(text))
	if len(base) != 3 || len(head) != 3 || len(alone) != 3 {
		t.Fatal(base, head, alone)
	}
	for i := range head {
		if base[i].Body != head[i].Body || base[i] == head[i] || base[i].Digest() != head[i].Digest() {
			t.Errorf("%s does not share its body", head[i])
		}
		for _, path := range [][]string{{}, {"metadata"}, {"metadata", "name"}, {"spec", "type"}, {"none"}} {
			if got, want := head[i].At(head[i].Body.Get(path...)), alone[i].At(alone[i].Body.Get(path...)); got != want {
				t.Errorf("%s: %v is at %v, want %v", head[i], path, got, want)
			}
		}
	}
}

func TestAMistakeThatMovedIsTheSameMistake(t *testing.T) {
	var r Reader
	for i, text := range []string{nameless, service + "---\n" + nameless} {
		_, problems := r.Read("x.yaml", []byte(text))
		_, want := Read("x.yaml", []byte(text))
		if len(problems) != 1 || !slices.Equal(problems, want) {
			t.Errorf("text %d: %v, want %v", i, problems, want)
		}
	}
}

// The texts are told apart though their hash be the same.
func TestAHashIsNoProof(t *testing.T) {
	var r Reader
	one := r.remember(1, &parsed{text: "one"})
	if r.recall(1, []byte("two")) != nil || r.recall(1, []byte("one")) != one {
		t.Error("recalled the wrong text")
	}
	if two := r.remember(1, &parsed{text: "two"}); two.text != "two" {
		t.Error("got the wrong text")
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	r := Reader{size: maxRemembered - len(service)}
	r.Read("a.yaml", []byte(service))
	r.Read("b.yaml", []byte(list))
	objects, _ := r.Read("c.yaml", []byte(list))
	if len(r.known) != 1 || len(objects) != 2 {
		t.Error(len(r.known), objects)
	}
}

// Large files are parsed on all cores, and several at once.
func TestObjectsComeInTheOrderOfTheText(t *testing.T) {
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: s%d\n", i)
		if i%1000 == 0 {
			b.WriteString("---\napiVersion: v1\nkind: [\n")
		}
	}
	want, broken := Read("x.yaml", []byte(b.String()))
	var r Reader
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			got, problems := r.Read("x.yaml", []byte(b.String()))
			if !slices.Equal(problems, broken) || !slices.EqualFunc(got, want, func(a, b *Object) bool { return a.Name == b.Name && a.Origin == b.Origin }) {
				t.Error("another order")
			}
		})
	}
	all.Wait()
}

func TestNothingThatKubectlReadsIsLost(t *testing.T) {
	const policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\n"
	utf16 := func(first int) string {
		text := []byte{0xff, 0xfe}
		if first == 1 {
			text = []byte{0xfe, 0xff}
		}
		for i := range len(policy) {
			unit := [2]byte{}
			unit[first] = policy[i]
			text = append(text, unit[:]...)
		}
		return string(text)
	}
	for name, c := range map[string]struct {
		text  string
		lines []int
	}{
		"JSON objects in a row":          {"{\"apiVersion\": \"v1\", \"kind\": \"A\",\n \"metadata\": {\"name\": \"a\"}}\n{\"apiVersion\": \"v1\",\n\"kind\": \"B\", \"metadata\": {\"name\": \"}{\"}}{\"apiVersion\": \"v1\", \"kind\": \"C\"}\n", []int{1, 3, 4}},
		"one JSON object with }{":        {"{\"apiVersion\": \"v1\", \"kind\": \"A\", \"data\": {\"a\": \"}{\"}}\n", []int{1}},
		"a typed list":                   {"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicyList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n", []int{4, 5}},
		"UTF-16, little end first":       {utf16(0), []int{1}},
		"UTF-16, big end first":          {utf16(1), []int{1}},
		"flow maps, the second at fault": {"{apiVersion: v1, kind: A, metadata: {name: a}}\n{apiVersion: v1, kind: B}\n", nil},
	} {
		objects, problems := Read("x.yaml", []byte(c.text))
		var lines []int
		for _, o := range objects {
			lines = append(lines, o.Origin.Line)
			if o.Group == "networking.k8s.io" && o.Kind != "NetworkPolicy" {
				t.Errorf("%s: got a %s", name, o.Kind)
			}
		}
		if !slices.Equal(lines, c.lines) || (len(problems) > 0) != (c.lines == nil) {
			t.Errorf("%s: objects at lines %v, want %v; %v", name, lines, c.lines, problems)
		}
	}
}

func TestWhatClientsDoNotTakeIsTold(t *testing.T) {
	deny := strings.Replace(service, "Service", "NetworkPolicy", 1)
	utf16 := func(text string) string {
		out := []byte{0xff, 0xfe}
		for _, c := range []byte(text) {
			out = append(out, c, 0)
		}
		return string(out)
	}
	for _, x := range []struct{ text, lost string }{
		{service + "---\n" + deny, ""},
		{service + "--- # here\n" + deny, ""},
		{service + "...\n---\n" + deny, ""},
		{"---\n" + service + "...\n# the end\n", ""},
		{"\ufeff" + service + "---\n" + deny, ""},
		{utf16("# only one\n---\n" + deny), ""},
		{service + "...\n" + deny, lostBehindEnd},
		{service + "... # end\n\n" + deny, lostBehindEnd},
		{service + "--- !!map\n" + deny, lostBehindMarker},
		{service + "--- {apiVersion: v1, kind: Pod, metadata: {name: x}}\n", lostBehindMarker},
		{utf16(service + "---\n" + deny), lostInUTF16},
	} {
		_, problems := Read("x.yaml", []byte(x.text))
		switch {
		case x.lost == "" && len(problems) > 0:
			t.Errorf("%q: %v", x.text, problems)
		case x.lost != "" && (len(problems) != 1 || !strings.HasSuffix(problems[0].Message, x.lost)):
			t.Errorf("%q: %v, want that it %s", x.text, problems, x.lost)
		}
	}
}

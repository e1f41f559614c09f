package manifest

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/internal/generate"
)

// greedy are texts that take many times their length in memory.
var greedy = map[string]string{
	"short lines":    "data:\n" + strings.Repeat("- 1\n", 200_000),
	"a flow list":    "data: [" + strings.Repeat("1,", 200_000) + "1]\n",
	"empty maps":     "data:\n" + strings.Repeat("- {}\n", 200_000),
	"aliases":        "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n",
	"lists of items": "items:\n" + strings.Repeat("- {}\n", 50_000),
}

func TestWhatIsReadStaysWithinItsAllowance(t *testing.T) {
	for name, body := range greedy {
		t.Run(name, func(t *testing.T) {
			text := []byte("apiVersion: v1\nkind: AnyList\nmetadata: {name: a}\n" + body)
			objects, problems, err := new(Reader).ReadWithin(t.Context(), Allow(1<<30), "a.yaml", text)
			if err != nil || len(problems) > 0 || len(objects) == 0 {
				t.Fatal(len(objects), problems, err)
			}
			if _, _, err := new(Reader).ReadWithin(t.Context(), Allow(400_000), "a.yaml", text); !errors.Is(err, ErrTooMuch) {
				t.Errorf("got %v", err)
			}
			whole := Allow(400_000)
			if _, _, err := new(Reader).ReadWithin(t.Context(), whole.Part(1<<30), "a.yaml", text); !errors.Is(err, ErrTogether) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWhatIsReadTwiceIsPaidForOnce(t *testing.T) {
	var r Reader
	within := Allow(1 << 20)
	text := []byte("apiVersion: v1\nkind: X\nmetadata: {name: a}\ndata:\n" + strings.Repeat("- 1\n", 10_000))
	for range 10 {
		if _, _, err := r.ReadWithin(t.Context(), within, "a.yaml", text); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPartsThatAreReturnedLeaveTheWhole(t *testing.T) {
	whole := Allow(100)
	for range 10 {
		part := whole.Part(90)
		if err := part.Take(80); err != nil {
			t.Fatal(err)
		}
		if err := part.Take(11); !errors.Is(err, ErrTooMuch) {
			t.Errorf("got %v", err)
		}
		if err := whole.Part(90).Take(21); !errors.Is(err, ErrTogether) {
			t.Errorf("got %v", err)
		}
		part.Return()
	}
	if err := whole.Take(100); err != nil {
		t.Error(err)
	}
}

// What an allowance counts is about what the heap holds.
func TestAnAllowanceCountsWhatIsKept(t *testing.T) {
	base, _ := generate.Large(generate.Size{Workloads: 2000, Policies: 500, Edits: 5})
	texts := map[string]string{"a cluster": strings.Join(base.All(), "---\n")}
	for name, body := range greedy {
		for i := range 5 {
			texts[name] += fmt.Sprintf("apiVersion: v1\nkind: AnyList\nmetadata: {name: a%d}\n%s---\n", i, body)
		}
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			text := []byte(text)
			var r Reader
			within := Allow(1 << 40)
			before := inUse()
			objects, _, err := r.ReadWithin(t.Context(), within, "a.yaml", text)
			held := inUse() - before
			runtime.KeepAlive(objects)
			runtime.KeepAlive(&r)
			counted := within.most - within.left.Load()
			t.Logf("%d bytes of text, %d counted, %d held", len(text), counted, held)
			if err != nil || held > counted*5/4 || counted > held*3/2 {
				t.Errorf("%d bytes are counted and %d held, %v", counted, held, err)
			}
		})
	}
}

// inUse is the memory in use, without what pools keep for two collections.
func inUse() int64 {
	var now runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&now)
	return int64(now.HeapAlloc)
}

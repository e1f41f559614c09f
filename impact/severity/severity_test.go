package severity

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// random sets each fact of a change, possible together or not, with even chances.
func random(r *rand.Rand, v reflect.Value) {
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Struct {
			random(r, f)
		} else {
			f.SetBool(r.IntN(2) == 0)
		}
	}
}

func TestEveryChangeHasItsHighestRule(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	used := make(map[string]bool)
	for range 200_000 {
		var c Change
		random(r, reflect.ValueOf(&c).Elem())
		rule, level := Of(c)
		used[rule.ID] = true
		if rule.ID == "" || (rule.ID[0] == 'O') != c.Opened {
			t.Fatalf("%+v: rule %q", c, rule.ID)
		}
		if c.Promised && !c.BreaksPromise {
			if rule.ID != promisedOpened && rule.ID != promisedBlocked || level != Info {
				t.Fatalf("%+v: rule %s, though a promise wants it", c, rule.ID)
			}
			continue
		}
		for _, other := range Rules {
			if other.matches != nil && other.matches(c) && other.Level.Rank() > rule.Level.Rank() {
				t.Fatalf("%+v: rule %s, though %s matches, too", c, rule.ID, other.ID)
			}
		}
		lowered := c.NoListener && c.Opened && !rule.neverLowered()
		if want := rule.Level; lowered && level != want.lower() || !lowered && level != want {
			t.Fatalf("%+v: rule %s, level %s", c, rule.ID, level)
		}
	}
	for _, rule := range Rules {
		if rule.matches != nil && !used[rule.ID] {
			t.Errorf("no change has the rule %s", rule.ID)
		}
	}
}

func TestTheTableGoesFromTheWorstDown(t *testing.T) {
	ids := make(map[string]bool)
	last := make(map[byte]Level)
	for _, r := range Rules {
		if ids[r.ID] {
			t.Errorf("%s comes twice", r.ID)
		}
		ids[r.ID] = true
		family := r.ID[0]
		if before, ok := last[family]; ok && r.Level.Rank() > before.Rank() {
			t.Errorf("%s (%s) stands below a rule of level %s", r.ID, r.Level, before)
		}
		last[family] = r.Level
	}
	if _, ok := ByID("O1"); !ok {
		t.Error("O1 is not found")
	}
}

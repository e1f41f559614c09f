package generate

import "math/rand/v2"

// dice makes the choices: from the bytes of a fuzzer as long as there are any, then from a generator of random numbers,
// or always the first choice where there is none, so that fewer bytes make smaller clusters.
type dice struct {
	bytes  []byte
	random *rand.Rand
}

// below chooses a number from 0 to n-1; n is at most 256.
func (d *dice) below(n int) int {
	switch {
	case len(d.bytes) > 0:
		b := int(d.bytes[0])
		d.bytes = d.bytes[1:]
		return b % n
	case d.random != nil:
		return d.random.IntN(n)
	}
	return 0
}

// oneIn is true once in n throws, and never without bytes or random numbers.
func (d *dice) oneIn(n int) bool { return d.below(n) == n-1 }

func pick[T any](d *dice, from ...T) T { return from[d.below(len(from))] }

// some returns a part of a list, in its order.
func some[T any](d *dice, from []T, n int) []T {
	out := make([]T, 0, n)
	for len(out) < n {
		out = append(out, from[d.below(len(from))])
	}
	return out
}

func pointer[T any](v T) *T { return &v }

package manifest

// A chunk hands out slices of nodes from larger allocations, because most collections have a few elements only.
type chunk struct{ free []Node }

// chunkSize is how many nodes are allocated at once; they fill one of the allocator's sizes.
const chunkSize = 512

// copy returns a copy of nodes, with no room to grow.
func (c *chunk) copy(nodes []Node) []Node {
	n := len(nodes)
	if n == 0 {
		return nil
	}
	if n > len(c.free) {
		if n > chunkSize/8 {
			return append(make([]Node, 0, n), nodes...)
		}
		c.free = make([]Node, chunkSize)
	}
	out := c.free[:n:n]
	c.free = c.free[n:]
	copy(out, nodes)
	return out
}

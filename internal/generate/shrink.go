package generate

import "slices"

// Shrink leaves out of two clusters whatever can go while they still fail, so that a person can see why.
func Shrink(base, head *Cluster, fails func(base, head *Cluster) bool) (*Cluster, *Cluster) {
	for again := true; again; {
		again = false
		for _, smaller := range [](func(c *Cluster, i int) bool){
			dropFrom(func(c *Cluster) list { return of(&c.Workloads) }),
			dropFrom(func(c *Cluster) list { return of(&c.NetworkPolicies) }),
			dropFrom(func(c *Cluster) list { return of(&c.Admin) }),
			dropFrom(func(c *Cluster) list { return of(&c.ClusterPolicies) }),
			dropFrom(func(c *Cluster) list { return of(&c.BaselineAdmin) }),
			dropFrom(func(c *Cluster) list { return of(&c.Nodes) }),
			dropFrom(func(c *Cluster) list { return of(&c.Calico.Policies) }),
			dropFrom(func(c *Cluster) list { return of(&c.Calico.NetworkSets) }),
			dropFrom(func(c *Cluster) list { return of(&c.Calico.Accounts) }),
			dropRule,
		} {
			for i := 0; ; i++ {
				b, h := base.Clone(), head.Clone()
				// Both sides are cut alike where they are alike, else each on its own.
				inBase, inHead := smaller(b, i), smaller(h, i)
				if !inBase && !inHead {
					break
				}
				switch {
				case fails(b, h):
					base, head, again = b, h, true
				case inBase && fails(b, head):
					base, again = b, true
				case inHead && fails(base, h):
					head, again = h, true
				default:
					continue
				}
				i--
			}
		}
	}
	return base, head
}

// list is a list of objects of any type.
type list struct {
	len  int
	drop func(i int)
}

func of[T any](objects *[]T) list {
	return list{len(*objects), func(i int) { *objects = slices.Delete(*objects, i, i+1) }}
}

func dropFrom(get func(*Cluster) list) func(*Cluster, int) bool {
	return func(c *Cluster, i int) bool {
		l := get(c)
		if i >= l.len {
			return false
		}
		l.drop(i)
		return true
	}
}

// dropRule drops the i-th rule, counted through all policies.
func dropRule(c *Cluster, i int) bool {
	in := func(rules list) bool {
		if i < rules.len {
			rules.drop(i)
			return true
		}
		i -= rules.len
		return false
	}
	for n, p := range c.NetworkPolicies {
		p = p.DeepCopy()
		if in(of(&p.Spec.Ingress)) || in(of(&p.Spec.Egress)) {
			c.NetworkPolicies[n] = p
			return true
		}
	}
	for n, p := range c.Admin {
		p = p.DeepCopy()
		if in(of(&p.Spec.Ingress)) || in(of(&p.Spec.Egress)) {
			c.Admin[n] = p
			return true
		}
	}
	for n, p := range c.ClusterPolicies {
		p = p.DeepCopy()
		if in(of(&p.Spec.Ingress)) || in(of(&p.Spec.Egress)) {
			c.ClusterPolicies[n] = p
			return true
		}
	}
	for n, p := range c.BaselineAdmin {
		p = p.DeepCopy()
		if in(of(&p.Spec.Ingress)) || in(of(&p.Spec.Egress)) {
			c.BaselineAdmin[n] = p
			return true
		}
	}
	for n, p := range c.Calico.Policies {
		q := *p
		q.Spec.Ingress, q.Spec.Egress = slices.Clone(p.Spec.Ingress), slices.Clone(p.Spec.Egress)
		if in(of(&q.Spec.Ingress)) || in(of(&q.Spec.Egress)) {
			c.Calico.Policies[n] = &q
			return true
		}
	}
	return false
}

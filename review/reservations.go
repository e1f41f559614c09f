package review

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact/cluster"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

// checkReservations fails where what deployers of head say makes doubtful that what is compared gets to the cluster: a setting
// that is not followed and that base's did not have, or a policy that is new or edited where nothing is applied at present.
func (c *comparison) checkReservations() {
	if c.filesOnly() {
		return
	}
	before := make(map[string][]*unit)
	policies := make(map[string]bool)
	for _, u := range c.base.units {
		before[u.Target.Deployer] = append(before[u.Target.Deployer], u)
		maps.Copy(policies, identities(u))
	}
	told := make(map[string]bool)
	for _, u := range c.head.units {
		by := u.Target.Deployer
		if by == "" {
			continue
		}
		was := before[by]
		for _, d := range slices.Concat(unfollowed(u, was, policies), hidden(u, was), stopped(u, was)) {
			if key := d.Object + d.Message; !told[key] {
				told[key] = true
				if d.Severity == manifest.Error {
					c.head.fail(d)
				} else {
					c.notes = append(c.notes, d)
				}
			}
		}
	}
}

// unfollowed tells of settings that are not followed. One that is new with its deployer is a warning, unless that deploys a
// policy that base has.
func unfollowed(u *unit, was []*unit, policies map[string]bool) []manifest.Diagnostic {
	before := make(map[string]string)
	for _, b := range was {
		maps.Copy(before, b.Target.Reservations.Unfollowed)
	}
	after := u.Target.Reservations.Unfollowed
	severity := manifest.Error
	if len(was) == 0 && !slices.ContainsFunc(slices.Collect(maps.Keys(identities(u))), func(id string) bool { return policies[id] }) {
		severity = manifest.Warning
	}
	var out []manifest.Diagnostic
	for _, at := range slices.Sorted(maps.Keys(after)) {
		if before[at] != after[at] {
			out = append(out, manifest.Diagnostic{Severity: severity, Object: u.Target.Deployer,
				Message: fmt.Sprintf("%s is not followed: what it makes of %s is not what is compared; say it in the manifests, or by what is followed", at, u.Target)})
		}
	}
	for _, at := range slices.Sorted(maps.Keys(before)) {
		if _, stays := after[at]; !stays && len(was) == 1 {
			out = append(out, manifest.Diagnostic{Severity: manifest.Error, Object: u.Target.Deployer,
				Message: fmt.Sprintf("%s is gone, and was not followed: what it made of %s is not compared", at, u.Target)})
		}
	}
	return out
}

// hidden tells of values that cannot be read and differ. It is an error where a policy, or a workload's labels, are made of them.
func hidden(u *unit, was []*unit) []manifest.Diagnostic {
	var out []manifest.Diagnostic
	for _, source := range slices.Sorted(maps.Keys(u.Target.Reservations.Hidden)) {
		contents := u.Target.Reservations.Hidden[source]
		if len(was) == 0 || slices.ContainsFunc(was, func(b *unit) bool {
			old, has := b.Target.Reservations.Hidden[source]
			return has && old == contents
		}) {
			continue
		}
		d := manifest.Diagnostic{Severity: manifest.Warning, Object: u.Target.Deployer,
			Message: fmt.Sprintf("the change edits %s, whose values cannot be read here: what they make other of %s is not in this report", source, u.Target)}
		if i := slices.IndexFunc(u.out.Objects, hasVariable); i >= 0 {
			d.Severity = manifest.Error
			d.Message += fmt.Sprintf("; %s is made of such values", u.out.Objects[i])
		}
		out = append(out, d)
	}
	return out
}

// hasVariable tells whether a policy, or what a policy selects a workload by, is made of a variable without a value.
func hasVariable(o *manifest.Object) bool {
	text := o.Body.AppendJSON(nil)
	if !cluster.IsPolicy(o) {
		text = labels(o)
	}
	return bytes.Contains(text, []byte("${")) || bytes.Contains(text, []byte(`"`+render.UnknownWord))
}

// labels are those of an object and of the pods that it makes, as JSON.
func labels(o *manifest.Object) []byte {
	text := o.Body.Get("metadata", "labels").AppendJSON(nil)
	for _, path := range [][]string{{"spec", "template", "metadata", "labels"}, {"spec", "jobTemplate", "spec", "template", "metadata", "labels"}} {
		text = o.Body.Get(path...).AppendJSON(text)
	}
	return text
}

// stopped tells of what does not get to the cluster because its deployer applies nothing at present.
func stopped(u *unit, was []*unit) []manifest.Diagnostic {
	why := u.Target.Reservations.Stopped
	old := make(map[string]*manifest.Object)
	resumed := len(was) > 0
	for _, b := range was {
		resumed = resumed && b.Target.Reservations.Stopped != ""
		for _, o := range b.out.Objects {
			old[o.Key()] = o
		}
	}
	if why == "" {
		if !resumed {
			return nil
		}
		return []manifest.Diagnostic{{Severity: manifest.Warning, Object: u.Target.Deployer,
			Message: fmt.Sprintf("it applies %s again (%s is gone): it is compared as if all of base's had been applied before", u.Target, was[0].Target.Reservations.Stopped)}}
	}
	var held []string
	for _, o := range u.out.Objects {
		if b := old[o.Key()]; cluster.IsPolicy(o) && (b == nil || b.Digest() != o.Digest()) || b != nil && !bytes.Equal(labels(o), labels(b)) {
			held = append(held, o.String())
		}
	}
	if len(held) == 0 {
		return nil
	}
	return []manifest.Diagnostic{{Severity: manifest.Error, Object: u.Target.Deployer,
		Message: fmt.Sprintf("by %s it applies nothing at present, and the change adds or edits %s there: that is compared as if it got to the cluster. Have it applied first, by a change that is merged before", why, strings.Join(firstOf(held), ", "))}}
}

package policy

import "strings"

// CoversDomain tells whether all domain names that another peer stands for are among those of this one. Of a name that
// begins with "*." the star stands for any depth of subdomains. With OneLabel each star stands for characters of one label,
// but "**." at the beginning for any depth, and a star alone for every name.
func (p Peer) CoversDomain(other Peer) bool {
	if p.Domain == "" || other.Domain == "" {
		return false
	}
	wide, narrow := p.names(), other.names()
	switch {
	case wide.all:
		return true
	case narrow.all, narrow.deep && !wide.deep:
		return false
	case !wide.deep:
		return globs(wide.rest, narrow.rest)
	}
	rest := narrow.rest
	if narrow.deep && globs(wide.rest, rest) {
		return true
	}
	for { // at least one label is for the subdomain
		_, after, found := strings.Cut(rest, ".")
		if !found {
			return false
		}
		if globs(wide.rest, after) {
			return true
		}
		rest = after
	}
}

// names are the names of a peer with a domain.
type names struct {
	all bool
	// deep tells that one label or more stand before rest.
	deep bool
	// rest is a name in which each star stands for characters of one label.
	rest string
}

func (p Peer) names() names {
	if p.Domain == "*" {
		return names{all: true}
	}
	before := "*."
	if p.OneLabel {
		before = "**."
	}
	rest, deep := strings.CutPrefix(p.Domain, before)
	return names{deep: deep, rest: rest}
}

// globs tells whether a name is one of a pattern's, whose stars stand for any characters but dots. A star of the name is a
// character like any other: only a star of the pattern can stand for all that it may be.
func globs(pattern, name string) bool {
	star, from := -1, 0 // the last star, and where what it stands for ends
	p, n := 0, 0
	for n < len(name) || p < len(pattern) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && n < len(name) && pattern[p] == name[n]:
			p, n = p+1, n+1
		case star >= 0 && from < len(name) && name[from] != '.':
			// Of all stars only the last has to stand for more: what is before it stands as far to the left as it can.
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	return true
}

// IsManyDomains tells whether a pattern stands for so many names that it is as good as the internet: behind its last star there is
// a top-level domain at most.
func IsManyDomains(pattern string) bool {
	at := strings.LastIndexByte(pattern, '*')
	if at < 0 {
		return false
	}
	fixed := strings.Trim(strings.TrimSuffix(pattern[at+1:], "."), ".")
	return !strings.Contains(fixed, ".")
}

package policy

import "strings"

// CoversDomain tells whether all domain names that another peer stands for are among those of this one. Of a name that
// begins with "*." the star stands for any depth of subdomains; with OneLabel, each star stands for characters of one label,
// and a star alone for every name.
func (p Peer) CoversDomain(other Peer) bool {
	switch {
	case p.Domain == "" || other.Domain == "":
		return false
	case p.Domain == "*" && p.OneLabel:
		return true
	case p.Domain == other.Domain && (p.OneLabel == other.OneLabel || !strings.Contains(p.Domain, "*")):
		return true
	case !p.OneLabel:
		suffix, deep := strings.CutPrefix(p.Domain, "*.")
		before, ok := strings.CutSuffix(other.Domain, "."+suffix)
		return deep && ok && before != ""
	}
	// A star of the other name is a character like any other here: only a star can stand for all that it may be.
	return (other.OneLabel || !strings.HasPrefix(other.Domain, "*.")) && other.Domain != "*" && globs(p.Domain, other.Domain)
}

// globs tells whether a name is one of a pattern's, whose stars stand for any characters but dots.
func globs(pattern, name string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	rest = strings.TrimLeft(rest, "*")
	for i := 0; ; i++ {
		if globs(rest, name[i:]) {
			return true
		}
		if i == len(name) || name[i] == '.' {
			return false
		}
	}
}

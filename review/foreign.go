package review

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// tellForeign tells which targets are deployed from a repository of another name than this one has: they are analysed as they are
// here because their paths are here, and may be something else. A mirror or a fork has the same name.
func (s *state) tellForeign() {
	own := repositoryName(s.origin)
	if own == "" {
		return
	}
	from := make(map[string][]*unit)
	var order []string
	for _, u := range s.units {
		address := u.Target.Repository
		if other := repositoryName(address); other == "" || other == own {
			continue
		}
		if from[address] == nil {
			order = append(order, address)
		}
		from[address] = append(from[address], u)
	}
	slices.Sort(order)
	for _, address := range order {
		units := from[address]
		slices.SortFunc(units, func(a, b *unit) int { return strings.Compare(a.Target.Deployer+a.key(), b.Target.Deployer+b.key()) })
		more := ""
		if n := len(units) - 1; n > 0 {
			more = fmt.Sprintf(" (and %d more objects deploy other paths of it)", n)
		}
		s.diagnostics = append(s.diagnostics, manifest.Diagnostic{Severity: manifest.Warning, Object: units[0].Target.Deployer, Digest: xxhash.Sum64String(address), Message: fmt.Sprintf(
			"it deploys %s of %s%s, and the origin of this repository is %s: it is analysed as it is here, because this repository has that path. If the other one is another repository, give the folder here another name, or name the targets in the configuration",
			units[0].Target.Path, shownAddress(address), more, shownAddress(s.origin))})
	}
}

// repositoryName is the last part of a repository's address, in lower case; "" of what is none or not yet known.
func repositoryName(address string) string {
	if address == "" || strings.Contains(address, "${") {
		return ""
	}
	at := strings.TrimRight(strings.ReplaceAll(address, ":", "/"), "/")
	name := strings.ToLower(strings.TrimSuffix(path.Base(at), ".git"))
	if name == "." || name == "/" {
		return ""
	}
	return name
}

// shownAddress is an address without a password.
func shownAddress(address string) string {
	at, err := url.Parse(address)
	if err != nil || at.User == nil {
		return address
	}
	at.User = nil
	return at.String()
}

package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Fetching is what may be fetched while rendering. Without it nothing is.
type Fetching struct {
	// Allow lists where charts, bases and files may come from: chart repositories (https://charts.example.com/stable),
	// registries (oci://ghcr.io/team/charts), git repositories (https://github.com/team/repo) and folders of files
	// (https://raw.githubusercontent.com/team/repo/v1). An entry allows what is at its address or below, and addresses of the
	// inside only if it names a port. It is read from base.
	Allow []string `json:"allow,omitempty"`
}

// A Source is one entry of [Fetching.Allow].
type Source struct {
	// Scheme is https, http or oci.
	Scheme string
	// Host is in lower case and has a port.
	Host string
	// Path is the address's path without a slash at its end; empty for all of the host.
	Path string
	// NamesPort tells that the entry names the port, by which it allows a host of the inside.
	NamesPort bool
}

// ParseSource reads an entry of [Fetching.Allow], or the address of a repository that is to be held against one.
func ParseSource(text string) (Source, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Source{}, errors.New("it is no address such as https://charts.example.com/stable or oci://ghcr.io/team/charts")
	}
	return SourceOf(u)
}

// SourceOf reads an address that is parsed already. Its query is no part of a source.
func SourceOf(u *url.URL) (Source, error) {
	s := Source{Scheme: u.Scheme, Path: strings.TrimSuffix(u.Path, "/"), NamesPort: u.Port() != ""}
	switch {
	case !slices.Contains([]string{"https", "http", "oci"}, u.Scheme):
		return Source{}, errors.New("it begins with none of https://, http://, oci://")
	case u.Hostname() == "" || u.Opaque != "":
		return Source{}, errors.New("it names no host")
	case u.User != nil:
		return Source{}, errors.New("it holds a user, and no credentials are sent")
	case u.Path != "" && path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") && u.Path != "/",
		hidesPath(u.EscapedPath()):
		return Source{}, errors.New("its path has empty, \".\" or \"..\" parts, or hides a slash or a dot")
	}
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" || u.Scheme == "oci" && IsLoopback(u.Hostname()) {
			port = "80"
		}
	}
	s.Host = net.JoinHostPort(strings.ToLower(u.Hostname()), port)
	return s, nil
}

// hidesPath tells whether servers may take an escaped path for another one than it looks like.
func hidesPath(escaped string) bool {
	escaped = strings.ToLower(escaped)
	return strings.Contains(escaped, "%2e") || strings.Contains(escaped, "%2f") || strings.Contains(escaped, "%5c") || strings.Contains(escaped, "\\")
}

// IsPlain tells whether a source is asked without encryption: one of http, and a registry on this machine, as all tools do.
func (s Source) IsPlain() bool {
	host, _, err := net.SplitHostPort(s.Host)
	return s.Scheme == "http" || s.Scheme == "oci" && err == nil && IsLoopback(host)
}

// IsLoopback tells whether a host is named as this machine.
func IsLoopback(host string) bool {
	at, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && at.IsLoopback()
}

// Holds tells whether another source is at this one or below it.
func (s Source) Holds(other Source) bool {
	return s.Scheme == other.Scheme && s.Host == other.Host &&
		(s.Path == "" || other.Path == s.Path || strings.HasPrefix(other.Path, s.Path+"/"))
}

// Sources are the entries of the list, one for each: they were checked when it was read.
func (f Fetching) Sources() []Source {
	var all []Source
	for _, text := range f.Allow {
		if s, err := ParseSource(text); err == nil {
			all = append(all, s)
		}
	}
	return all
}

func (c *Config) checkFetching(root *yaml.Node, wrong wrongFunc) error {
	for i, text := range c.Fetch.Allow {
		n := item(at(root, "fetch", "allow"), i)
		u, err := url.Parse(text)
		if err == nil && (u.RawQuery != "" || u.Fragment != "") {
			return wrong(n, "fetch.allow", "%q: leave out what follows the path", text)
		}
		if _, err := ParseSource(text); err != nil {
			return wrong(n, "fetch.allow", "%q: %s", text, err)
		}
	}
	return nil
}

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/labels"
)

// Never is the threshold of a gate that only informs.
const Never = "never"

// The networks of the setting cni. They differ in what a block of addresses means for pods (docs/semantics.md).
const (
	Generic = "generic"
	Cilium  = "cilium"
	Calico  = "calico"
)

// Thresholds are the values of a gate's settings, the strictest last.
var Thresholds = []string{Never, "critical", "high", "medium", "low", "info"}

// Read reads a configuration. An error names the file and, where it can, the line and what to change.
func Read(file string, text []byte) (Config, error) {
	var c Config
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return Config{}, fmt.Errorf("%s: %s", file, plain(err))
	}
	if unknown := unknownSettings(&root, reflect.TypeFor[Config]()); len(unknown) > 0 {
		return Config{}, fmt.Errorf("%s: %s", file, strings.Join(unknown, "\n"+file+": "))
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, fmt.Errorf("%s: %s", file, plain(err))
	}
	// A second document would be settings that nobody reads.
	if err := decoder.Decode(new(yaml.Node)); err == nil {
		return Config{}, fmt.Errorf("%s: there is more than one document; keep all settings in the first", file)
	}
	if err := c.check(file, &root); err != nil {
		return Config{}, err
	}
	return c, nil
}

// grammatical are the YAML errors whose line the library counts from 0.
var grammatical = regexp.MustCompile(`^did not find expected (',' or '[}\]]'|'-' indicator$|key$|node content$|<)`)

// plain is a YAML error without the names of Go types.
func plain(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimPrefix(text, "unmarshal errors:\n  ")
	if where, what, ok := strings.Cut(text, ": "); ok && grammatical.MatchString(what) {
		if line, err := strconv.Atoi(strings.TrimPrefix(where, "line ")); err == nil {
			return fmt.Sprintf("line %d: %s", line+1, what)
		}
	}
	if line, field, ok := strings.Cut(text, ": field "); ok {
		name, _, _ := strings.Cut(field, " ")
		return fmt.Sprintf("%s: there is no setting %q", line, name)
	}
	return text
}

// wrongFunc makes the error of a setting: where it stands, its path, what is wrong.
type wrongFunc = func(n *yaml.Node, path, format string, args ...any) error

func (c *Config) check(file string, root *yaml.Node) error {
	wrong := func(n *yaml.Node, path, format string, args ...any) error {
		return fmt.Errorf("%s: line %d: %s: %s", file, n.Line, path, fmt.Sprintf(format, args...))
	}
	all := Cluster{Gate: c.Gate, CNI: c.CNI, PodCIDRs: c.PodCIDRs, ServiceCIDRs: c.ServiceCIDRs, DNS: c.DNS, IngressControllers: c.IngressControllers, InternetFacing: c.InternetFacing}
	if err := all.check(root, "", wrong); err != nil {
		return err
	}
	c.Gate = all.Gate
	for _, name := range slices.Sorted(maps.Keys(c.Clusters)) {
		one := c.Clusters[name]
		if err := one.check(at(root, "clusters", name), "clusters."+name+".", wrong); err != nil {
			return err
		}
		c.Clusters[name] = one
	}
	if err := c.checkFindings(root, wrong); err != nil {
		return err
	}
	if err := sameNames(c.Promises); err != nil {
		return fmt.Errorf("%s: promises: %w", file, err)
	}
	for i := range c.Promises {
		c.Promises[i].Origin = file
	}
	for i, name := range c.Context {
		if !fs.ValidPath(name) {
			return wrong(item(at(root, "context"), i), "context", "%q is no path below the repository's root such as platform/policies", name)
		}
	}
	for i, w := range c.Workloads {
		if group, kind, ok := strings.Cut(w.Kind, "/"); !ok || group == "" || kind == "" {
			return wrong(item(at(root, "workloads"), i), "workloads", "%q is no group and kind such as apps.example.org/Website", w.Kind)
		}
	}
	if err := c.Sensitive.check(root, "sensitive", "", wrong); err != nil {
		return err
	}
	if err := c.checkRendering(root, wrong); err != nil {
		return err
	}
	if err := c.checkFetching(root, wrong); err != nil {
		return err
	}
	if err := c.checkTelling(root, wrong); err != nil {
		return err
	}
	for i, t := range c.Targets {
		for _, path := range append([]string{t.Path}, t.Values...) {
			if !fs.ValidPath(path) {
				return wrong(item(at(root, "targets"), i), "targets", "%q is no path below the repository's root such as overlays/prod", path)
			}
		}
	}
	return nil
}

// check checks what may be set for all clusters or for one.
func (c *Cluster) check(n *yaml.Node, prefix string, wrong wrongFunc) error {
	for _, t := range []struct {
		name  string
		value *string
	}{{"fail-on-opened", &c.Gate.FailOnOpened}, {"fail-on-blocked", &c.Gate.FailOnBlocked}} {
		value, err := Threshold(*t.value)
		if err != nil {
			return wrong(at(n, "gate", t.name), prefix+"gate."+t.name, "%s", err)
		}
		*t.value = value
	}
	if !slices.Contains([]string{"", Generic, Cilium, Calico}, c.CNI) {
		return wrong(at(n, "cni"), prefix+"cni", "%q is none of generic, cilium, calico", c.CNI)
	}
	for _, list := range []struct {
		key, example string
		cidrs        []string
	}{{"podCIDRs", "10.244.0.0/16", c.PodCIDRs}, {"serviceCIDRs", "10.96.0.0/12", c.ServiceCIDRs}} {
		for i, cidr := range list.cidrs {
			if _, err := netip.ParsePrefix(cidr); err != nil {
				return wrong(item(at(n, list.key), i), prefix+list.key, "%q is no block of addresses such as %s", cidr, list.example)
			}
		}
	}
	if err := c.InternetFacing.check(n, "internet-facing", prefix, wrong); err != nil {
		return err
	}
	return c.checkPlaces(n, prefix, wrong)
}

func (c *Choice) check(n *yaml.Node, key, prefix string, wrong wrongFunc) error {
	for i, selector := range c.Selectors {
		if _, err := labels.Parse(selector); err != nil {
			return wrong(item(at(n, key, "selectors"), i), prefix+key+".selectors", "%q is no label selector: %s", selector, err)
		}
	}
	return nil
}

// Threshold checks a gate's setting and returns it in its usual form; "off" is another word for never.
func Threshold(value string) (string, error) {
	if value == "off" {
		return Never, nil
	}
	if value == "" || slices.Contains(Thresholds, value) {
		return value, nil
	}
	return "", fmt.Errorf("%q is no threshold; use critical, high, medium, low, info or never", value)
}

// at follows keys from a document's root; where one is missing, it stays at the last node found.
func at(n *yaml.Node, path ...string) *yaml.Node {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, key := range path {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				n = n.Content[i+1]
				break
			}
		}
	}
	return n
}

func item(n *yaml.Node, i int) *yaml.Node {
	if i < len(n.Content) {
		return n.Content[i]
	}
	return n
}

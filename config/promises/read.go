// Package promises reads files of promises, whoever's form they are in: this program's own, that of netassert, or that of
// policy-assistant. In go a file's name and text; out come [config.Promise] values and probes, which ask without expecting
// anything, and an error for everything that is wrong, with file and line. It holds no promise to anything.
package promises

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/config"
)

// MaxSize bounds how large a file of promises may be, in bytes.
const MaxSize = 8 << 20

// Set is what files promise and ask.
type Set struct {
	Promises []config.Promise
	Probes   []Probe
}

// Read reads a file in the form that its contents show. What is wrong with a part of it is an error, and does not keep the
// rest from being read.
func Read(file string, text []byte) (Set, []error) {
	if len(text) > MaxSize {
		return Set{}, []error{fmt.Errorf("%s: the file is larger than %d MiB", file, MaxSize>>20)}
	}
	if isJSON(text) {
		// YAML minds tabs, which JSON has between words only.
		text = bytes.ReplaceAll(text, []byte("\t"), []byte(" "))
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		_, problems := config.ReadPromises(file, text) // words what is wrong with YAML
		return Set{}, problems
	}
	if root.Kind != yaml.DocumentNode || len(root.Content) == 0 {
		return Set{}, []error{fmt.Errorf("%s: the file is empty; it needs promises", file)}
	}
	top := root.Content[0]
	switch {
	case isObject(top):
		return Set{}, []error{fmt.Errorf("%s: line %d: this is an object for a cluster, and no promise; name its file otherwise", file, top.Line)}
	case has(top, "Probes") || has(top, "Resources"):
		probe, err := readProbe(file, top)
		return Set{Probes: probe}, err
	case top.Kind == yaml.SequenceNode && len(top.Content) > 0 && (has(top.Content[0], "Source") || has(top.Content[0], "Destination")):
		probe, err := readTraffic(file, top)
		return Set{Probes: probe}, err
	case top.Kind == yaml.SequenceNode:
		found, err := readNetassert(file, text)
		return Set{Promises: found}, err
	}
	found, err := config.ReadPromises(file, text)
	return Set{Promises: found}, err
}

func isJSON(text []byte) bool {
	trimmed := bytes.TrimSpace(text)
	return len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[')
}

func isObject(n *yaml.Node) bool { return has(n, "apiVersion") || has(n, "kind") }

// has tells whether a mapping has a key, in whatever case: JSON's readers in Go do not mind it.
func has(n *yaml.Node, key string) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if strings.EqualFold(n.Content[i].Value, key) {
			return true
		}
	}
	return false
}

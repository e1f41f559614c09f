package config

import (
	"errors"
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// Place is where something of a cluster runs: pods, addresses or both.
type Place struct {
	// Namespace is the pods' namespace; all of its pods are meant where there is no selector.
	Namespace string `json:"namespace,omitempty"`
	// Selector is the pods' labels, as kubectl takes them: app=proxy.
	Selector string `json:"selector,omitempty"`
	// Addresses are addresses, or blocks of them: 169.254.20.10, 10.0.0.0/28.
	Addresses []string `json:"addresses,omitempty"`
}

// NameServer is where the cluster's name service answers.
type NameServer struct {
	Place `yaml:",inline"`
	// Port is the port of the pods themselves, not their Service's, or that of the addresses; 53 if left out.
	Port int `json:"port,omitempty"`
}

// check tells which part of a place is wrong, and what with it.
func (p *Place) check() (part string, err error) {
	switch {
	case p.Namespace == "" && p.Selector != "":
		return "selector", fmt.Errorf("%q is in no namespace; give the namespace as well", p.Selector)
	case p.Namespace == "" && len(p.Addresses) == 0:
		return "", errors.New("it names nothing; give a namespace, with a selector of its pods, or addresses")
	}
	if p.Namespace != "" && !isNamespace.MatchString(p.Namespace) {
		return "namespace", fmt.Errorf("%q is no name of a namespace", p.Namespace)
	}
	if err := checkSelector(p.Selector); err != nil {
		return "selector", err
	}
	for _, text := range p.Addresses {
		if _, err := ParseCIDR(text); err != nil {
			return "addresses", err
		}
	}
	return "", nil
}

var isNamespace = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

func (n *NameServer) check() (part string, err error) {
	if n.Port < 0 || n.Port > 65535 {
		return "port", fmt.Errorf("%d is no port; use 1 to 65535", n.Port)
	}
	return n.Place.check()
}

// checkSelector refuses what policies cannot ask for.
func checkSelector(text string) error {
	parsed, err := labels.Parse(text)
	if err != nil {
		return fmt.Errorf("%q is no label selector: %w", text, err)
	}
	requirements, _ := parsed.Requirements()
	for _, r := range requirements {
		if op := r.Operator(); op == selection.GreaterThan || op == selection.LessThan {
			return fmt.Errorf("%q compares numbers, which policies cannot; use =, !=, in, notin, a key or !key", text)
		}
	}
	return nil
}

// checkPlaces checks what says where name servers and ingress controllers run.
func (c *Cluster) checkPlaces(n *yaml.Node, prefix string, wrong wrongFunc) error {
	for i := range c.DNS {
		if part, err := c.DNS[i].check(); err != nil {
			return wrong(at(item(at(n, "dns"), i), part), prefix+"dns", "%s", err)
		}
	}
	for i := range c.IngressControllers {
		if part, err := c.IngressControllers[i].check(); err != nil {
			return wrong(at(item(at(n, "ingress-controllers"), i), part), prefix+"ingress-controllers", "%s", err)
		}
	}
	return nil
}

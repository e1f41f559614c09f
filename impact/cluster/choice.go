package cluster

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/netpol-impact/netpol-impact/config"
)

// Choice knows which workloads a configuration means. Its zero value means none.
type Choice struct {
	namespaces, images []string
	selectors          []labels.Selector
}

// NewChoice reads what a configuration names.
func NewChoice(c config.Choice) (Choice, error) {
	out := Choice{namespaces: c.Namespaces, images: c.Images}
	for _, text := range c.Selectors {
		selector, err := labels.Parse(text)
		if err != nil {
			return out, fmt.Errorf("selectors: %q: %w", text, err)
		}
		out.selectors = append(out.selectors, selector)
	}
	return out, nil
}

// Of says by what a workload is meant, and its verb: "labels tier=data are"; "" if it is not.
func (c *Choice) Of(w *Workload) string {
	if slices.Contains(c.namespaces, w.Namespace) {
		return fmt.Sprintf("namespace %s is", w.Namespace)
	}
	for _, selector := range c.selectors {
		if selector.Matches(labels.Set(w.Labels)) {
			return fmt.Sprintf("labels %s are", selector)
		}
	}
	for _, image := range w.Images {
		path := ImagePath(image)
		for _, name := range c.images {
			if path == name || strings.HasSuffix(path, "/"+name) {
				return fmt.Sprintf("image %s is", name)
			}
		}
	}
	return ""
}

// ImagePath is an image's name without tag and digest.
func ImagePath(image string) string {
	name, _, _ := strings.Cut(image, "@")
	if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
		name = name[:at]
	}
	return name
}

// face finds the workloads that the configuration says face the internet.
func (b *builder) face(configured config.Choice) {
	choice, err := NewChoice(configured)
	if err != nil { // a configuration that was read has none such
		b.reportConfig(fmt.Errorf("internet-facing: %w", err))
	}
	b.state.facing = make(map[*Workload]string)
	for _, w := range b.state.Workloads {
		if by := choice.Of(w); by != "" {
			b.state.facing[w] = by
		}
	}
}

// FaceAsBefore has workloads face the internet that do so at base by the configuration, and that lost at head what it means
// them by: who takes away a label does not take away the load balancer. Renamed are base's workloads that are others at head.
func (s *State) FaceAsBefore(base *State, renamed map[*Workload]*Workload) {
	if len(base.facing) == 0 {
		return
	}
	type id struct{ kind, namespace, name string }
	before := make(map[id]string)
	for w, by := range base.facing {
		if to := renamed[w]; to != nil {
			w = to
		}
		before[id{w.Kind, w.Namespace, w.Name}] = by
	}
	for _, w := range s.Workloads {
		if by := before[id{w.Kind, w.Namespace, w.Name}]; by != "" && s.facing[w] == "" {
			s.facing[w] = by
		}
	}
}

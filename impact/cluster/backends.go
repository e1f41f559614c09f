package cluster

import "slices"

// Backends knows which workloads the Services of a side lead to.
type Backends struct {
	services  map[Name]*Service
	workloads map[*Service][]*Workload
	fronts    map[*Workload][]*Service
}

// NewBackends finds the workloads behind each Service, with a cost that grows with the labels and not with the product
// of Services and workloads.
func NewBackends(s *State) *Backends {
	b := &Backends{
		services:  make(map[Name]*Service, len(s.Services)),
		workloads: make(map[*Service][]*Workload, len(s.Services)),
		fronts:    make(map[*Workload][]*Service),
	}
	type label struct{ namespace, key, value string }
	shared := make(map[label]int)
	for _, service := range s.Services {
		b.services[service.ID()] = service
		for key, value := range service.Selector {
			shared[label{service.Namespace, key, value}]++
		}
	}
	// Each Service waits at the label that the fewest others ask for.
	waiting := make(map[label][]*Service)
	for _, service := range s.Services {
		var best label
		for key, value := range service.Selector {
			l := label{service.Namespace, key, value}
			if n, m := shared[l], shared[best]; best.key == "" || n < m || n == m && key < best.key {
				best = l
			}
		}
		if best.key != "" {
			waiting[best] = append(waiting[best], service)
		}
	}
	for _, w := range s.Workloads {
		for key, value := range w.Labels {
			for _, service := range waiting[label{w.Namespace, key, value}] {
				if service.Selects(w) {
					b.add(service, w)
				}
			}
		}
	}
	b.addListed(s)
	for _, list := range b.fronts {
		slices.SortFunc(list, compareServices)
	}
	return b
}

func (b *Backends) add(service *Service, w *Workload) {
	b.workloads[service] = append(b.workloads[service], w)
	b.fronts[w] = append(b.fronts[w], service)
}

// addListed finds the pods of Services whose endpoints are listed, not selected.
func (b *Backends) addListed(s *State) {
	if len(s.endpoints) == 0 {
		return
	}
	for _, w := range s.Workloads {
		if w.Kind != "Pod" {
			continue
		}
		for id, addresses := range s.endpoints {
			service := b.services[id]
			if service == nil || len(service.Selector) > 0 {
				continue
			}
			if slices.ContainsFunc(addresses, func(a address) bool {
				return a.pod == w.Name && id.Namespace == w.Namespace || slices.Contains(w.IPs, a.ip)
			}) {
				b.add(service, w)
			}
		}
	}
}

// Service finds a Service, nil if there is none.
func (b *Backends) Service(id Name) *Service { return b.services[id] }

// Of are the workloads behind a Service, in the order of State.Workloads.
func (b *Backends) Of(s *Service) []*Workload { return b.workloads[s] }

// Before are the Services in front of a workload, by name.
func (b *Backends) Before(w *Workload) []*Service { return b.fronts[w] }

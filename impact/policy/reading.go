package policy

// Reading is whose reading of Kubernetes' own dialects is meant, where a network takes them for something else than the API
// reference says.
type Reading uint8

// The readings.
const (
	Written Reading = iota // the API reference's
	Cilium                 // that of Cilium's agent, release 1.20
)

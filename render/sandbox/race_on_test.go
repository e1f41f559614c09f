//go:build race

package sandbox

// underRace tells that the race detector is on.
const underRace = true

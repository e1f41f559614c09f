package render

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Reservations are what the object that deploys a target says beside what is followed here. They bear on nothing that is
// rendered: what differs in them between two sides makes what is rendered doubtful.
type Reservations struct {
	// Unfollowed are settings that may change what is deployed, as they are written, by their paths.
	Unfollowed map[string]string `json:",omitempty"`
	// Hidden are the sources of values that cannot be read here, with what stands in the repository of each.
	Hidden map[string]string `json:",omitempty"`
	// Stopped says why nothing of what is deployed gets to the cluster at present; empty if it does.
	Stopped string `json:",omitempty"`
}

// Note notes the settings of a map, at a path of the object, that are none of the known ones and say something.
func (r *Reservations) Note(at string, settings map[string]any, known ...string) {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if value := settings[name]; !slices.Contains(known, name) && !IsNothing(value) {
			r.Leave(at+"."+name, value)
		}
	}
}

// Leave notes a setting that is not followed.
func (r *Reservations) Leave(at string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		text = fmt.Appendf(nil, "%v", value)
	}
	if r.Unfollowed == nil {
		r.Unfollowed = make(map[string]string)
	}
	r.Unfollowed[at] = string(text)
}

// Hide notes a source of values that cannot be read, with what stands there.
func (r *Reservations) Hide(source, contents string) {
	if r.Hidden == nil {
		r.Hidden = make(map[string]string)
	}
	r.Hidden[source] = contents
}

// IsNothing tells whether a setting is as good as left out.
func IsNothing(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

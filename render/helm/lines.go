package helm

import (
	"regexp"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

var (
	kindLine       = regexp.MustCompile(`^\s*kind:\s*["']?(\w+)["']?\s*(?:#.*)?$`)
	apiVersionLine = regexp.MustCompile(`^\s*apiVersion:`)
	nameLine       = regexp.MustCompile(`^\s*name:\s*["']?([^\s"'#]+)["']?\s*(?:#.*)?$`)
)

// templateLines finds the line of a template on which each of its objects begins. Where the template does not write the
// object's kind in plain words, or writes it several times and none of them can be told to be the object's, the line is
// the first.
func templateLines(template string, objects []*manifest.Object) []int {
	lines := make([]int, len(objects))
	if template == "" {
		return lines
	}
	starts := startsOf(template)
	for i, o := range objects {
		lines[i] = 1
		var same []start
		for _, s := range starts {
			if s.kind == o.Kind {
				same = append(same, s)
			}
		}
		if s, ok := choose(same, o, nth(objects, i)); ok {
			lines[i] = s.line
		}
	}
	return lines
}

// A start is a place in a template where an object begins.
type start struct {
	line       int
	kind, name string
}

func startsOf(template string) []start {
	var starts []start
	apiVersion := 0
	for i, line := range strings.Split(template, "\n") {
		switch {
		case strings.HasPrefix(line, "---"):
			apiVersion = 0
		case apiVersionLine.MatchString(line):
			apiVersion = i + 1
		}
		if m := kindLine.FindStringSubmatch(line); m != nil {
			at := i + 1
			if apiVersion > 0 {
				at = apiVersion
			}
			starts = append(starts, start{line: at, kind: m[1]})
			apiVersion = 0
		}
		if m := nameLine.FindStringSubmatch(line); m != nil && len(starts) > 0 && starts[len(starts)-1].name == "" {
			starts[len(starts)-1].name = m[1]
		}
	}
	return starts
}

// nth counts the objects of the same kind before the i-th, and all of them.
func nth(objects []*manifest.Object, i int) (place [2]int) {
	for j, o := range objects {
		if o.Kind == objects[i].Kind {
			place[1]++
			if j < i {
				place[0]++
			}
		}
	}
	return place
}

// choose takes the only place, or the one that writes the object's name, or the one at the object's own place if the
// template renders every place once.
func choose(same []start, o *manifest.Object, place [2]int) (start, bool) {
	if len(same) == 1 {
		return same[0], true
	}
	for _, s := range same {
		if s.name == o.Name {
			return s, true
		}
	}
	if len(same) == place[1] {
		return same[place[0]], true
	}
	return start{}, false
}

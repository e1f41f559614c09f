package helm

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// location is how the engine writes a place in a template: app/templates/deployment.yaml:12:8.
var location = regexp.MustCompile(`[^\s()"]+/(?:templates|charts)/[^\s()":]+:\d+(?::\d+)?`)

// explain puts the engine's error on one line that begins with the template's file and line. An error below several
// includes is told where it happened, and where the first include is.
func (s *chartSource) explain(err error) error {
	places := location.FindAllString(err.Error(), -1)
	if len(places) == 0 {
		return err
	}
	first, last := s.placeOf(places[0]), s.placeOf(places[len(places)-1])
	text := err.Error()
	text = text[strings.LastIndex(text, places[len(places)-1])+len(places[len(places)-1]):]
	text = strings.Join(strings.Fields(strings.TrimLeft(text, "):")), " ")
	if first != last {
		text += " (included from " + first + ")"
	}
	return errors.New(last + ": " + text)
}

func (s *chartSource) placeOf(place string) string {
	name, line, _ := strings.Cut(place, ":")
	line, _, _ = strings.Cut(line, ":")
	return fmt.Sprintf("%s:%s", s.template(name).origin, line)
}

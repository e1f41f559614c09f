package pullrequest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// run is one attempt of one run of a workflow. Later ones have larger numbers.
type run struct{ id, attempt int64 }

func (r run) newer(than run) bool {
	if r.id != than.id {
		return r.id > than.id
	}
	return r.attempt > than.attempt
}

func (r run) String() string { return fmt.Sprintf("%d.%d", r.id, r.attempt) }

// marker is the first line of a comment of ours: which configuration it is about, and which run on which commit wrote it.
type marker struct {
	id, sha string
	run     run
	// quiet says that the comment tells of no change.
	quiet bool
}

const idPattern = `[A-Za-z0-9][A-Za-z0-9._/-]{0,79}`

var (
	markerLine = regexp.MustCompile(`^<!-- netpol-impact:v1 id=(` + idPattern + `) sha=([0-9a-f]{40,64}) run=([0-9]{1,18})\.([0-9]{1,18})( quiet)? -->$`)
	commentID  = regexp.MustCompile(`^` + idPattern + `$`)
)

func (m marker) String() string {
	quiet := ""
	if m.quiet {
		quiet = " quiet"
	}
	return fmt.Sprintf("<!-- netpol-impact:v1 id=%s sha=%s run=%s%s -->", m.id, m.sha, m.run, quiet)
}

// readMarker reads the marker of a comment's text. A marker anywhere but in the first line is somebody's quotation.
func readMarker(body string) (marker, bool) {
	first, _, _ := strings.Cut(body, "\n")
	match := markerLine.FindStringSubmatch(strings.TrimSuffix(first, "\r"))
	if match == nil {
		return marker{}, false
	}
	// The pattern admits only numbers that fit.
	id, _ := strconv.ParseInt(match[3], 10, 64)
	attempt, _ := strconv.ParseInt(match[4], 10, 64)
	return marker{id: match[1], sha: match[2], run: run{id, attempt}, quiet: match[5] != ""}, true
}

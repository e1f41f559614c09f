package config

import (
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// What becomes of the comment of an earlier run.
const (
	UpdateEarlier = "update"
	HideEarlier   = "hide-and-new"
	DeleteEarlier = "delete-and-new"
	NoComment     = "off"
)

// Which results get a comment where there is none yet.
const (
	WhenChanged = "changed"
	WhenFailing = "failing"
	WhenAlways  = "always"
)

// The values of the settings of comments.
var (
	CommentModes = []string{UpdateEarlier, HideEarlier, DeleteEarlier, NoComment}
	CommentTimes = []string{WhenChanged, WhenFailing, WhenAlways}
)

// Comment says when the action comments on a pull request, and how. No setting of it bears on the gate.
type Comment struct {
	// When says which results get a comment where there is none yet: changed (if empty) those that tell of anything, failing
	// those that do not pass, always all. A comment that is there is kept up to date in any case.
	When string `json:"when,omitempty"`
	// Earlier says what becomes of the comment of an earlier run: update (if empty), hide-and-new, delete-and-new, or off for
	// no comment at all. The action's input comment, where it is set, wins.
	Earlier string `json:"earlier,omitempty"`
}

// Report says how findings are told.
type Report struct {
	// Shown is how many rows of each table stand in sight, the others being folded; 10 if left out.
	Shown int `json:"shown,omitempty"`
	// First are clusters that are told before all others, in this order; else the one with the worst findings is first.
	First []string `json:"first,omitempty"`
	// Help is the address of a page that says what to do about findings, or whom to ask.
	Help string `json:"help,omitempty"`
}

// maxShown is how many rows may stand in sight: a comment has an end.
const maxShown = 100

// maxHelp is how long the address may be: it takes space of every comment.
const maxHelp = 500

// checkTelling checks how things are told.
func (c *Config) checkTelling(root *yaml.Node, wrong wrongFunc) error {
	for _, s := range []struct {
		name, value string
		of          []string
	}{{"when", c.Comment.When, CommentTimes}, {"earlier", c.Comment.Earlier, CommentModes}} {
		if s.value != "" && !slices.Contains(s.of, s.value) {
			return wrong(at(root, "comment", s.name), "comment."+s.name, "%q is none of %s", s.value, strings.Join(s.of, ", "))
		}
	}
	if n := c.Report.Shown; n < 0 || n > maxShown {
		return wrong(at(root, "report", "shown"), "report.shown", "%d is no number of rows from 1 to %d", n, maxShown)
	}
	if help := c.Report.Help; help != "" {
		if u, err := url.Parse(help); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(help) > maxHelp {
			return wrong(at(root, "report", "help"), "report.help", "%q is no address such as https://wiki.example.org/network", help)
		}
	}
	return nil
}

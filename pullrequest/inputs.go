package pullrequest

import (
	"fmt"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// mode is what is done with the comment of an earlier run.
type mode string

const (
	modeUpdate mode = config.UpdateEarlier
	modeHide   mode = config.HideEarlier
	modeDelete mode = config.DeleteEarlier
	modeOff    mode = config.NoComment
)

// defaultID is the id of a workflow's only comment.
const defaultID = "default"

// inputs are what a workflow's author sets in `with:`. action.yml documents them.
type inputs struct {
	targets              []string
	config               string
	base, head           string
	gate                 config.Gate
	comment              mode // "" for what the configuration says
	id                   string
	token                string
	summary, annotations bool
	// sarif, html and json are files to write; none if empty.
	sarif, html, json string
	uploadSARIF       bool
	cache             string
	directory         string
	// limits bound what rendering one target may take.
	limits sandbox.Limits
	// result is the machine result of another run, of which workflow_run comments.
	result string
}

func readInputs(getenv func(string) string) (inputs, error) {
	get := func(name string) string { return input(getenv, name) }
	in := inputs{
		targets: list(get("targets")),
		config:  get("config"),
		base:    get("base"), head: get("head"),
		comment:   mode(get("comment")),
		id:        get("comment-id"),
		token:     get("token"),
		sarif:     get("sarif"),
		html:      get("html"),
		json:      get("json"),
		cache:     get("cache"),
		directory: get("working-directory"),
		result:    get("result"),
	}
	switch in.comment {
	case "true":
		in.comment = modeUpdate
	case "", modeUpdate, modeHide, modeDelete, modeOff:
	case "false", "never":
		in.comment = modeOff
	default:
		return in, fmt.Errorf("input comment is %q: it must be update, hide-and-new, delete-and-new or off", in.comment)
	}
	if in.id == "" {
		in.id = defaultID
	}
	if !commentID.MatchString(in.id) {
		return in, fmt.Errorf("input comment-id is %q: it must begin with a letter or digit and have up to 80 letters, digits, dots, slashes, underscores and hyphens", in.id)
	}
	for name, to := range map[string]*bool{"summary": &in.summary, "annotations": &in.annotations, "upload-sarif": &in.uploadSARIF} {
		var err error
		if *to, err = yes(get(name), name != "upload-sarif"); err != nil {
			return in, fmt.Errorf("input %s is %w", name, err)
		}
	}
	if in.uploadSARIF && in.sarif == "" {
		return in, fmt.Errorf("input upload-sarif needs the input sarif: the file to write and upload")
	}
	for name, to := range map[string]*string{"fail-on-opened": &in.gate.FailOnOpened, "fail-on-blocked": &in.gate.FailOnBlocked} {
		var err error
		if *to, err = threshold(get(name)); err != nil {
			return in, fmt.Errorf("input %s is %w", name, err)
		}
	}
	for _, limit := range list(get("limits")) {
		if err := in.limits.Set(limit); err != nil {
			return in, fmt.Errorf("input limits: %w", err)
		}
	}
	return in, nil
}

// input looks up an input. A Docker action's inputs keep their hyphens; a composite action hands them on by variables of
// its own, where a hyphen does not survive every shell.
func input(getenv func(string) string, name string) string {
	name = "INPUT_" + strings.ToUpper(name)
	for _, name := range []string{name, strings.ReplaceAll(name, "-", "_")} {
		if value := strings.TrimSpace(getenv(name)); value != "" {
			return value
		}
	}
	return ""
}

// list splits an input of several values, one a line or separated by commas.
func list(text string) []string {
	var values []string
	for _, value := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ',' }) {
		if value = strings.TrimSpace(value); value != "" {
			values = append(values, value)
		}
	}
	return values
}

func yes(text string, otherwise bool) (bool, error) {
	switch strings.ToLower(text) {
	case "":
		return otherwise, nil
	case "true", "yes", "on":
		return true, nil
	case "false", "no", "off":
		return false, nil
	}
	return false, fmt.Errorf("%q: it must be true or false", text)
}

func threshold(text string) (string, error) {
	switch text {
	case "", "critical", "high", "medium", "low", "info", "never":
		return text, nil
	case "off":
		return "never", nil
	}
	return "", fmt.Errorf("%q: it must be critical, high, medium, low, info or never", text)
}

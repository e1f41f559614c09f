package review

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/gate"
	"github.com/netpol-impact/netpol-impact/impact/severity"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// configure reads the configuration of the trusted side; file is empty if there is none. The other side's is only
// compared with it: what a change does to the configuration takes effect once it is merged.
func (p *opener) configure(base, head *side) (c config.Config, file string, notes []manifest.Diagnostic, err error) {
	trusted, other := base, head
	if p.o.TrustHead {
		trusted, other = head, base
	}
	file, text, err := p.findConfig(trusted)
	if err != nil {
		return config.Config{}, "", nil, err
	}
	if file != "" {
		if c, err = config.Read(file, text); err != nil {
			return config.Config{}, "", nil, &UsageError{Err: fmt.Errorf("reading the configuration%s: %w", trusted.where(), err)}
		}
	}
	if err := checkRules(file, c); err != nil {
		return config.Config{}, "", nil, err
	}
	if err := p.checkThresholds(); err != nil {
		return config.Config{}, "", nil, err
	}
	if base == head || p.o.TrustHead || base.file != "" || head.file != "" {
		return c, file, nil, nil
	}
	notes = changedConfig(file, text, c, other)
	if p.o.Config == "" {
		notes = append(notes, besideConfig(file, notes, trusted, other)...)
	}
	return c, file, notes, nil
}

// besideConfig tells of a change to the configuration's other place, from where nothing is read today: a second file may be
// what counts once the first is gone.
func besideConfig(file string, told []manifest.Diagnostic, base, head *side) (notes []manifest.Diagnostic) {
	for _, name := range config.Files {
		isTold := slices.ContainsFunc(told, func(d manifest.Diagnostic) bool { return d.File == name })
		if file == "" || name == file || isTold || tree.Same(base.tree, head.tree, name) {
			continue
		}
		_, before := fs.Stat(base.tree, name)
		_, after := fs.ReadFile(head.tree, name)
		verb := "adds"
		switch {
		case errors.Is(after, fs.ErrNotExist) && before == nil:
			verb = "removes"
		case before == nil:
			verb = "edits"
		}
		message := fmt.Sprintf("the change %s this second configuration; base's %s is in force", verb, file)
		if after != nil && verb != "removes" {
			message += fmt.Sprintf(", and this one cannot be read: %v", after)
		}
		notes = append(notes, manifest.Diagnostic{Severity: manifest.Warning, File: name, Message: message})
	}
	return notes
}

// successor says what would be in force at head where it lacks a configuration.
func successor(file string, c config.Config, head *side) string {
	for _, name := range config.Files {
		text, err := fs.ReadFile(head.tree, name)
		if err != nil || name == file {
			continue
		}
		read, err := config.Read(name, text)
		if err != nil {
			return fmt.Sprintf("; %s, which takes its place, cannot be read", name)
		}
		return fmt.Sprintf("; %s takes its place (%s)", name, cmp.Or(strings.Join(c.Differences(read), ", "), "no setting differs"))
	}
	return ""
}

// changedConfig says so where head has another configuration than the one in force, and which settings differ.
func changedConfig(file string, text []byte, c config.Config, head *side) []manifest.Diagnostic {
	names := config.Files
	if file != "" && !slices.Contains(names, file) {
		names = []string{file}
	}
	for _, name := range names {
		theirs, err := fs.ReadFile(head.tree, name)
		if err != nil && name != file {
			continue
		}
		if name == file && err == nil && bytes.Equal(theirs, text) {
			return nil
		}
		told := func(format string, args ...any) []manifest.Diagnostic {
			return []manifest.Diagnostic{{Severity: manifest.Warning, File: name, Message: fmt.Sprintf(format, args...)}}
		}
		if err != nil {
			return told("the change removes this configuration; base's is in force until it is merged%s", successor(file, c, head))
		}
		read, err := config.Read(name, theirs)
		if err == nil {
			err = checkRules(name, read)
		}
		changed := strings.Join(c.Differences(read), ", ")
		switch {
		case err != nil:
			return told("the change edits this configuration, which then cannot be read: %v; base's is in force until it is merged", err)
		case file == "":
			return told("the change adds the first configuration (%s); nothing of it is in force until it is merged", cmp.Or(changed, "no settings"))
		case changed == "":
			return []manifest.Diagnostic{{Severity: manifest.Info, File: name, Message: "the change edits this configuration, and no setting differs"}}
		}
		return told("the change edits this configuration (%s); base's is in force until it is merged", changed)
	}
	return nil
}

// checkRules refuses rules that there are not: a misspelt one would do nothing, and nobody would know.
func checkRules(file string, c config.Config) error {
	known := func(id string) bool {
		return slices.ContainsFunc(severity.Rules, func(r severity.Rule) bool { return r.ID == id })
	}
	for _, o := range c.Severity {
		for _, id := range o.Rules {
			if !known(id) {
				return usagef("%s: severity.rules: there is no rule %s; docs/rules.md has them all", file, id)
			}
		}
	}
	for _, w := range c.Waivers {
		if w.Rule != "" && !known(w.Rule) {
			return usagef("%s: line %d: waivers.rule: there is no rule %s; docs/rules.md has them all", file, w.Line, w.Rule)
		}
	}
	return nil
}

// findConfig returns the text of a side's configuration, and no file name where it has none.
func (p *opener) findConfig(s *side) (file string, text []byte, err error) {
	if p.o.Config == "" {
		for _, name := range config.Files {
			text, err := fs.ReadFile(s.tree, name)
			if err == nil {
				return name, text, nil
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return "", nil, usagef("reading the configuration%s: %w", s.where(), err)
			}
		}
		return "", nil, nil
	}
	if s.file != "" {
		text, err := os.ReadFile(p.path(p.o.Config))
		if err != nil {
			return "", nil, usagef("reading the configuration: %w", err)
		}
		return p.o.Config, text, nil
	}
	for _, name := range []string{path.Join(s.dir, p.o.Config), path.Clean(p.o.Config)} {
		if text, err := fs.ReadFile(s.tree, name); err == nil {
			return name, text, nil
		}
	}
	hint := ""
	if s.label == "base" {
		hint = "; it is looked up on the base side, and with --trust head on the head side"
	}
	return "", nil, usagef("there is no configuration %s in %s%s", p.o.Config, s.name, hint)
}

// checkThresholds checks those of the options and brings them to their usual form.
func (p *opener) checkThresholds() error {
	for _, t := range []struct {
		name  string
		value *string
	}{{"fail-on-opened", &p.o.Gate.FailOnOpened}, {"fail-on-blocked", &p.o.Gate.FailOnBlocked}} {
		value, err := config.Threshold(*t.value)
		if err != nil {
			return usagef("%s: %w", t.name, err)
		}
		*t.value = value
	}
	return nil
}

// thresholdsOf applies the options' thresholds to those of each cluster.
func (p *opener) thresholdsOf(c config.Config) func(cluster string) config.Gate {
	return func(cluster string) config.Gate {
		own := c.For(cluster).Gate
		if p.o.OnlyTighten {
			return gate.Tighten(own, p.o.Gate)
		}
		return gate.Override(own, p.o.Gate)
	}
}

package review

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/gate"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// configure reads the configuration of the trusted side. The other side's is only compared with it: what a change does
// to the configuration takes effect once it is merged.
func (p *opener) configure(base, head *side) (config.Config, []manifest.Diagnostic, error) {
	trusted, other := base, head
	if p.o.TrustHead {
		trusted, other = head, base
	}
	file, text, err := p.findConfig(trusted)
	if err != nil {
		return config.Config{}, nil, err
	}
	var c config.Config
	if file != "" {
		if c, err = config.Read(file, text); err != nil {
			return config.Config{}, nil, &UsageError{Err: fmt.Errorf("reading the configuration%s: %w", trusted.where(), err)}
		}
	}
	if c.Gate, err = p.thresholds(c.Gate); err != nil {
		return config.Config{}, nil, err
	}
	if base == head || p.o.TrustHead || base.file != "" || head.file != "" {
		return c, nil, nil
	}
	return c, changedConfig(file, text, other), nil
}

// changedConfig says so where head has another configuration than the one in force.
func changedConfig(file string, text []byte, head *side) []manifest.Diagnostic {
	for _, name := range config.Files {
		theirs, err := fs.ReadFile(head.tree, name)
		if err != nil && name != file {
			continue
		}
		if name == file && bytes.Equal(theirs, text) {
			return nil
		}
		return []manifest.Diagnostic{{Severity: manifest.Info, File: name,
			Message: "the change edits this configuration; base's is in force until it is merged"}}
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

// thresholds applies those of the options to those of the configuration.
func (p *opener) thresholds(c config.Gate) (config.Gate, error) {
	var set config.Gate
	for _, t := range []struct {
		name string
		from string
		into *string
	}{{"fail-on-opened", p.o.Gate.FailOnOpened, &set.FailOnOpened}, {"fail-on-blocked", p.o.Gate.FailOnBlocked, &set.FailOnBlocked}} {
		value, err := config.Threshold(t.from)
		if err != nil {
			return config.Gate{}, usagef("%s: %w", t.name, err)
		}
		*t.into = value
	}
	if p.o.OnlyTighten {
		return gate.Tighten(c, set), nil
	}
	return gate.Override(c, set), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact/severity"
	"github.com/netpol-impact/netpol-impact/review"
)

var fingerprint = regexp.MustCompile(`^[0-9a-f]{16}$`)

func (p *program) waive() *cobra.Command {
	var w config.Waiver
	var file string
	c := &cobra.Command{
		Use:   "waive [FINGERPRINT]",
		Short: "Write a waiver, which accepts a finding, into the configuration",
		Long: `Write a waiver into the configuration: it accepts the finding of that fingerprint
(the report's explanations and its JSON have it), or the findings of a rule for
workloads. All else in the file stays as it is. A waiver is in force once it is
merged: the gate reads the configuration of the base.`,
		Example: `  netpol-impact waive cc52a505ffd8c91b --reason "the old client is retired" --until 2026-12-31
  netpol-impact waive --rule O8 --workload 'shop/gateway-*' --reason "partners connect" --until 2026-12-31 --author "team edge"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			w.Fingerprint = first(args)
			if w.Fingerprint != "" && !fingerprint.MatchString(w.Fingerprint) {
				return &review.UsageError{Err: fmt.Errorf("%q is no fingerprint such as cc52a505ffd8c91b; the report's explanations and its JSON have each finding's", w.Fingerprint)}
			}
			if w.Author == "" {
				w.Author = gitUser(c.Context())
			}
			now := time.Now()
			if err := checkWaiver(w, now); err != nil {
				return &review.UsageError{Err: err}
			}
			name, text, err := configFile(file)
			if err != nil {
				return &review.UsageError{Err: err}
			}
			if text == nil {
				text = []byte(config.Schema)
			}
			if text, err = config.AddWaiver(name, text, w, now); err != nil {
				return &review.UsageError{Err: err}
			}
			if err := writeConfig(name, text); err != nil {
				return &review.UsageError{Err: err}
			}
			_, err = fmt.Fprintf(p.stdout, "%s: accepted until %s, once this is merged\n", name, w.Until)
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&w.Reason, "reason", "", "why the finding is accepted (required)")
	f.StringVar(&w.Until, "until", "", "the last day, such as 2026-12-31, on which it is (required)")
	f.StringVar(&w.Author, "author", "", "who accepts it (default: git's user.name)")
	f.StringVar(&w.Rule, "rule", "", "instead of a fingerprint: the rule, such as O8, with --workload")
	f.StringVar(&w.Workload, "workload", "", "with --rule: namespace and name, such as shop/web or 'shop/*'")
	f.StringVar(&w.Cluster, "cluster", "", "the only cluster that is meant (default: all)")
	f.StringVar(&file, "config", "", "the configuration's path (default: .github/netpol-impact.yaml or .netpol-impact.yaml of the repository)")
	return c
}

// checkWaiver tells what is wrong with a waiver that is about to be written, by the flags where one is missing.
func checkWaiver(w config.Waiver, now time.Time) error {
	switch {
	case w.Fingerprint == "" && w.Rule == "" && w.Workload == "":
		return errors.New("name the finding by its fingerprint, which the report's explanations and its JSON have, or findings by --rule and --workload")
	case w.Reason == "":
		return errors.New("--reason is missing: why the finding is accepted")
	case w.Until == "":
		return errors.New("--until is missing: the last day, such as 2026-12-31, on which it is accepted")
	case w.Author == "":
		return errors.New("--author is missing: who accepts it; git has no user.name here to take instead")
	case w.Rule != "" && !slices.ContainsFunc(severity.Rules, func(r severity.Rule) bool { return r.ID == w.Rule }):
		return fmt.Errorf("there is no rule %s; docs/rules.md has them all, and the report names each finding's", w.Rule)
	}
	return w.Check(now)
}

// gitUser is the name that commits are made under; empty where git does not know.
func gitUser(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "config", "user.name").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// configFile finds the configuration of the working tree and reads it; the text is nil where there is none.
func configFile(name string) (string, []byte, error) {
	names := []string{name}
	if name == "" {
		root, err := repositoryRoot()
		if err != nil {
			return "", nil, err
		}
		names = nil
		for _, file := range config.Files {
			names = append(names, filepath.Join(root, filepath.FromSlash(file)))
		}
	}
	for _, file := range names {
		text, err := os.ReadFile(file)
		if err == nil {
			if text == nil {
				text = []byte{}
			}
			return file, text, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", nil, err
		}
	}
	return names[0], nil, nil
}

// repositoryRoot is the nearest folder above this one that is a repository's, as a path from here; else this one.
func repositoryRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at, rel := dir, "."; ; at, rel = filepath.Dir(at), filepath.Join(rel, "..") {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return rel, nil
		}
		if at == filepath.Dir(at) {
			return ".", nil
		}
	}
}

func writeConfig(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o666)
}

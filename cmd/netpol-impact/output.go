package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

// output is what the flags say about where a report goes.
type output struct {
	// set is the formats that the command's answer can be written in.
	set    report.Set
	format string
	files  []string
	by     string
}

func (o *output) flags(c *cobra.Command, set report.Set) {
	o.set = set
	c.Flags().StringVar(&o.format, "format", string(report.FormatText), "what is printed: "+strings.Join(set.Names(), ", "))
	c.Flags().StringArrayVarP(&o.files, "output", "o", nil, "also write a file, its format by its ending (repeatable)")
	complete(c, "format", set.Names()...)
}

// A sink is one place that a report goes to.
type sink struct {
	format  report.Format
	options report.Options
	to      io.Writer
	file    string
}

type sinks []sink

// open checks all formats before anything is analysed.
func (o output) open(p *program) (sinks, error) {
	format, err := o.set.Parse(o.format)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"", string(report.ByWorkloads), string(report.ByNamespaces)}, o.by) {
		return nil, &review.UsageError{Err: fmt.Errorf("--by %s: choose workloads or namespaces", o.by)}
	}
	all := sinks{{format: format, options: p.look(), to: p.stdout}}
	for _, file := range o.files {
		format, err := o.set.ForFile(file)
		if err != nil {
			return nil, err
		}
		all = append(all, sink{format: format, file: file})
	}
	for i := range all {
		all[i].options.By = report.By(o.by)
	}
	return all, nil
}

// needPairs tells whether a sink is about exact pairs.
func (all sinks) needPairs() bool {
	return slices.ContainsFunc(all, func(s sink) bool { return s.format.NeedsPairs() })
}

// write has a function write the report to each sink.
func (all sinks) write(report func(sink) error) error {
	for _, s := range all {
		var text bytes.Buffer
		to := s.to
		s.to = &text
		if err := report(s); err != nil {
			return &failure{fmt.Errorf("writing %s: %w", s.format, err)}
		}
		if s.file != "" {
			if err := os.WriteFile(s.file, text.Bytes(), 0o666); err != nil {
				return &review.UsageError{Err: fmt.Errorf("--output %s: %w", s.file, err)}
			}
			continue
		}
		if _, err := to.Write(text.Bytes()); err != nil {
			return &failure{fmt.Errorf("writing to standard output: %w", err)}
		}
	}
	return nil
}

// look is how text looks on standard output: coloured on a terminal, unless NO_COLOR says otherwise (no-color.org).
func (p *program) look() report.Options {
	o := report.Options{Color: isTerminal(p.stdout) && p.env("NO_COLOR") == "" && p.env("TERM") != "dumb"}
	if columns, err := strconv.Atoi(p.env("COLUMNS")); err == nil && columns > 0 {
		o.Width = columns
	}
	return o
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// progress tells on a terminal, in one line that is written over, what is being done; elsewhere nothing.
func (p *program) progress() func(string) {
	if !isTerminal(p.stderr) {
		return nil
	}
	return func(doing string) {
		fmt.Fprintf(p.stderr, "\r\033[K%s", shown(doing))
	}
}

// endProgress takes the line away.
func (p *program) endProgress() {
	if isTerminal(p.stderr) {
		fmt.Fprint(p.stderr, "\r\033[K")
	}
}

// printable drops what commands a terminal: names come from untrusted manifests.
func printable(r rune) rune {
	if strconv.IsPrint(r) {
		return r
	}
	return -1
}

var thresholds = config.Thresholds

func trustsHead(side string) (bool, error) {
	if !slices.Contains([]string{"base", "head"}, side) {
		return false, fmt.Errorf("--trust %s: choose base or head", side)
	}
	return side == "head", nil
}

// complete offers words for a flag's value in the shell.
func complete(c *cobra.Command, flag string, words ...string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag is not defined: a mistake in this package
	}
}

// shown is text from manifests as a terminal may see it.
func shown(text string) string { return strings.Map(printable, text) }

package sandbox

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limits bound one piece of work. A zero value stands for the default.
type Limits struct {
	// Time is how long it may take, by the clock.
	Time time.Duration
	// Memory is how many bytes of memory the child may use beyond what it starts with.
	Memory int64
	// Files is how many files and folders it may ask for, and Input how many bytes it may be given of them.
	Files int
	Input int64
	// Output is how many bytes the answer may have, and what is made of it in memory.
	Output int64
	// Total is how many bytes all pieces of work of a run may take together in the memory of the process that gives the
	// orders. No piece of work knows the others: whoever gathers the answers keeps to it.
	Total int64
}

// Defaults are the limits where nothing else is said. Real overlays and charts need seconds and some ten megabytes; what
// reaches a limit is mostly made to.
var Defaults = Limits{
	Time:   time.Minute,
	Memory: 2 << 30,
	Files:  50_000,
	Input:  512 << 20,
	Output: 512 << 20,
	Total:  4 << 30,
}

// Or fills the limits that are not set from others.
func (l Limits) Or(other Limits) Limits {
	return Limits{
		Time:   cmp.Or(l.Time, other.Time),
		Memory: cmp.Or(l.Memory, other.Memory),
		Files:  cmp.Or(l.Files, other.Files),
		Input:  cmp.Or(l.Input, other.Input),
		Output: cmp.Or(l.Output, other.Output),
		Total:  cmp.Or(l.Total, other.Total),
	}
}

// String lists the limits as [Limits.Set] reads them.
func (l Limits) String() string {
	return fmt.Sprintf("time=%s, memory=%s, files=%d, input=%s, output=%s, total=%s", duration(l.Time), size(l.Memory), l.Files, size(l.Input), size(l.Output), size(l.Total))
}

// Set sets a limit from text, as "time=2m", "memory=4GiB" or "files=100000".
func (l *Limits) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return fmt.Errorf("%s: write a limit as time=2m, memory=4GiB, files=100000, input=1GiB, output=1GiB or total=8GiB", text)
	}
	var err error
	switch name {
	case "time":
		l.Time, err = time.ParseDuration(value)
		if err == nil && l.Time <= 0 {
			err = errNotPositive
		}
	case "memory":
		l.Memory, err = parseSize(value)
		if err == nil && l.Memory < minMemory {
			err = fmt.Errorf("the program itself needs %s", size(minMemory))
		}
	case "files":
		l.Files, err = strconv.Atoi(value)
		if err == nil && l.Files <= 0 {
			err = errNotPositive
		}
	case "input":
		l.Input, err = parseSize(value)
	case "output":
		l.Output, err = parseSize(value)
	case "total":
		l.Total, err = parseSize(value)
	default:
		return fmt.Errorf("%s: there is no limit %q, but time, memory, files, input, output and total", text, name)
	}
	if err != nil {
		return fmt.Errorf("the limit %s: %w", text, err)
	}
	return nil
}

// minMemory is enough for the smallest work to end with an answer.
const minMemory = 64 << 20

var errNotPositive = fmt.Errorf("it must be more than nothing")

var units = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

func parseSize(text string) (int64, error) {
	for _, unit := range units {
		digits, ok := strings.CutSuffix(text, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 32)
		switch {
		case err != nil:
			return 0, fmt.Errorf("write a size as 512MiB or 2GiB")
		case n <= 0:
			return 0, errNotPositive
		}
		return n * unit.bytes, nil
	}
	return 0, fmt.Errorf("write a size as 512MiB or 2GiB")
}

// size writes bytes as [Limits.Set] reads them.
func size(bytes int64) string {
	for _, unit := range units {
		if bytes >= unit.bytes && bytes%unit.bytes == 0 {
			return strconv.FormatInt(bytes/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(bytes, 10) + " bytes"
}

// duration writes a time without the zeros at its end.
func duration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// A LimitError is a limit that a piece of work reached.
type LimitError struct {
	// Limit is its name as [Limits.Set] knows it, Value its value.
	Limit, Value string
	did          string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s and was stopped at the limit %s=%s; look for what grows without end, or raise the limit", e.did, e.Limit, e.Value)
}

func (l Limits) exceeded(limit string) error {
	switch limit {
	case "time":
		return &LimitError{limit, duration(l.Time), "it took longer than " + duration(l.Time)}
	case "memory":
		return &LimitError{limit, size(l.Memory), "it needed more memory than " + size(l.Memory)}
	case "files":
		return &LimitError{limit, strconv.Itoa(l.Files), fmt.Sprintf("it read more than %d files", l.Files)}
	case "input":
		return &LimitError{limit, size(l.Input), "it read more than " + size(l.Input) + " of files"}
	case "total":
		return &LimitError{limit, size(l.Total), "it takes more memory than the others have left of " + size(l.Total) + " for all targets together"}
	}
	return &LimitError{limit, size(l.Output), "it rendered to more than " + size(l.Output)}
}

// TooLate is the error of work in this process that takes longer than the limit.
func (l Limits) TooLate() error { return l.Or(Defaults).exceeded("time") }

// TooMuchTogether is the error of what would take more memory than other pieces of work have left for it.
func (l Limits) TooMuchTogether() error { return l.Or(Defaults).exceeded("total") }

// TooMuchOutput is the error of an answer that grows beyond the limit when it is read.
func (l Limits) TooMuchOutput() error { return l.Or(Defaults).exceeded("output") }

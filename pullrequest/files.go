package pullrequest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/report"
)

// writeReports writes the reports that the inputs name and sets their paths as outputs.
func (j *job) writeReports(result *impact.Result, link linker) error {
	for _, want := range []struct{ name, file string }{{"json", j.in.json}, {"sarif", j.in.sarif}, {"html", j.in.html}} {
		if want.file == "" {
			continue
		}
		format, err := report.ParseFormat(want.name)
		if err != nil {
			return fmt.Errorf("input %s: %w", want.name, err)
		}
		var text bytes.Buffer
		if err := format.Write(&text, result, report.Options{Title: j.title(result), Link: link}); err != nil {
			return fmt.Errorf("writing the %s report: %w", want.name, err)
		}
		if err := writeFile(j.dir, want.file, text.Bytes()); err != nil {
			return fmt.Errorf("writing %s, as the input %s says: %w", want.file, want.name, err)
		}
		j.set(want.name, want.file)
	}
	return nil
}

// writeFile writes a file below a folder, or where an absolute path leads. The folder is a checkout of what a stranger
// wrote: a symbolic link in it must not lead the report into another file, such as one that a later step runs.
func writeFile(dir, name string, text []byte) error {
	if filepath.IsAbs(name) {
		inside, err := filepath.Rel(dir, name)
		if err != nil || !filepath.IsLocal(inside) {
			return os.WriteFile(name, text, 0o666)
		}
		name = inside
	}
	if !filepath.IsLocal(name) {
		return errors.New("the path leaves the workspace")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // it was only read
	parts := strings.Split(filepath.Clean(name), string(filepath.Separator))
	for i := range parts {
		part := filepath.Join(parts[:i+1]...)
		if strings.EqualFold(part, ".git") {
			return errors.New("the path leads into .git")
		}
		info, err := root.Lstat(part)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return fmt.Errorf("%s is a symbolic link", part)
		}
	}
	if folder := filepath.Dir(name); folder != "." {
		if err := root.MkdirAll(folder, 0o777); err != nil {
			return err
		}
	}
	return root.WriteFile(name, text, 0o666)
}

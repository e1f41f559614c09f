package review

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/config/promises"
	"github.com/netpol-impact/netpol-impact/manifest"
)

// promised is what a side promises, in its configuration and in the files of its tree.
type promised struct {
	promises.Set
	// problems are errors: what cannot be read promises nothing.
	problems []manifest.Diagnostic
}

// noPromises are folders in which files of promises are tools' own, or examples.
var noPromises = map[string]bool{".git": true, "node_modules": true, "testdata": true}

// maxPromiseFiles bounds how many files of promises a tree may have.
const maxPromiseFiles = 10_000

// readPromises reads what a side promises. Set are the promises of the configuration that counts for it.
func readPromises(s *side, set []config.Promise) promised {
	var out promised
	var files []string
	clusters := make(map[string]config.Words)
	for _, one := range set {
		if one.File == "" {
			out.Promises = append(out.Promises, one)
			continue
		}
		known, twice := clusters[one.File]
		switch {
		case !twice:
			files = append(files, one.File)
			clusters[one.File] = one.Clusters
		case len(known) == 0 || len(one.Clusters) == 0: // all are meant
			clusters[one.File] = nil
		default:
			clusters[one.File] = slices.Concat(known, one.Clusters)
		}
	}
	if s.file != "" {
		if len(files) > 0 {
			out.fail(files[0], errors.New("the configuration names this file of promises, and there is no folder to read it from: this side is one file"))
		}
		return out
	}
	found, err := promiseFiles(s)
	if err != nil {
		out.fail("", fmt.Errorf("looking for files of promises: %w", err))
	}
	for _, file := range found {
		if !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	for _, file := range files {
		text, err := fs.ReadFile(s.tree, file)
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("the configuration names this file of promises, and there is none at this path" + s.where())
		}
		if err != nil {
			out.fail(file, err)
			continue
		}
		out.read(file, text, clusters[file])
	}
	return out
}

// promiseFiles are the files of a tree whose names say that they hold promises, by their paths.
func promiseFiles(s *side) ([]string, error) {
	var found []string
	err := fs.WalkDir(s.tree, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			return fs.SkipDir // whoever looks for targets says so
		case e.IsDir() && noPromises[e.Name()]:
			return fs.SkipDir
		case e.IsDir() || !strings.HasSuffix(name, config.PromiseFile):
			return nil
		case len(found) == maxPromiseFiles:
			return fmt.Errorf("there are more than %d files %s", maxPromiseFiles, "*"+config.PromiseFile)
		}
		found = append(found, name)
		return nil
	})
	return found, err
}

// read adds what a file holds.
func (p *promised) read(file string, text []byte, clusters config.Words) {
	set, problems := promises.Read(file, text)
	for i := range set.Promises {
		if len(set.Promises[i].Clusters) == 0 {
			set.Promises[i].Clusters = clusters
		}
	}
	for i := range set.Probes {
		set.Probes[i].Clusters = clusters
	}
	p.Promises = append(p.Promises, set.Promises...)
	p.Probes = append(p.Probes, set.Probes...)
	for _, problem := range problems {
		p.fail(file, problem)
	}
}

// readGiven reads a file from outside the tree.
func (p *promised) readGiven(at, name string) error {
	text, err := os.ReadFile(at)
	if err != nil {
		return usagef("--promises %s: %w", name, err)
	}
	p.read(path.Clean(strings.ReplaceAll(name, `\`, "/")), text, nil)
	return nil
}

// fail adds an error, whose text may begin with the file and the line.
func (p *promised) fail(file string, problem error) {
	for text := range strings.SplitSeq(problem.Error(), "\n") {
		d := manifest.Diagnostic{Severity: manifest.Error, File: file, Message: strings.TrimPrefix(text, file+": ")}
		if rest, ok := strings.CutPrefix(d.Message, "line "); ok {
			number, message, _ := strings.Cut(rest, ": ")
			if line, err := strconv.Atoi(number); err == nil {
				d.Line, d.Message = line, message
			}
		}
		d.Message = cmp.Or(d.Message, "it cannot be read") + "; what it promises is not held to anything"
		p.problems = append(p.problems, d)
	}
}

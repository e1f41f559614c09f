package kustomize

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// explain makes kustomize's error readable: it tells the broken document's file and line, which kustomize does not
// know, and leaves out the attempts to read a folder as a file.
func (w *walk) explain(dir string, err error) error {
	if strings.Contains(err.Error(), "MalformedYAMLError") || strings.Contains(err.Error(), "yaml:") {
		dirs := []string{dir}
		for at, b := range w.bases {
			dirs = append(dirs, path.Join(at, b.folder))
		}
		slices.Sort(dirs[1:])
		seen := make(map[string]bool)
		for _, dir := range dirs {
			if broken := firstBroken(w.tree, dir, seen); broken != nil {
				return broken
			}
		}
	}
	return errors.New(shorten(err.Error()))
}

// firstBroken looks for a resource that is no valid YAML.
func firstBroken(tree fs.FS, dir string, seen map[string]bool) error {
	k, err := load(tree, dir)
	if err != nil || seen[dir] {
		return err
	}
	seen[dir] = true
	for _, ref := range append(k.Resources, k.Components...) {
		if isRemote(ref) {
			continue // it was looked at when it came
		}
		at, err := k.place("resources", ref)
		if err != nil {
			return err
		}
		if info, err := fs.Stat(tree, at); err == nil && info.IsDir() {
			if err := firstBroken(tree, at, seen); err != nil {
				return err
			}
			continue
		}
		text, err := fs.ReadFile(tree, at)
		if err != nil {
			return fmt.Errorf("reading %s: %w", at, err)
		}
		if _, problems := manifest.Read(at, text); len(problems) > 0 {
			return fmt.Errorf("reading %s:%d: %s", problems[0].File, problems[0].Line, problems[0].Message)
		}
	}
	return nil
}

var (
	attempt = regexp.MustCompile(`accumulation err='accumulating resources from '[^']*': [^:]* must resolve to a file': `)
	recurse = regexp.MustCompile(`(?:accumulating (?:resources|components): |recursed (?:accumulation of|merging from) path '[^']*': )`)
	// The settings of a transformer are printed whole, and a generator as its address in memory.
	settings = regexp.MustCompile("(?s)trouble configuring builtin (\\w+) with config: `.*?`: ")
	address  = regexp.MustCompile(`&\{0x[^}]*\}`)
	resID    = regexp.MustCompile(`resid\.ResId\{Gvk:resid\.Gvk\{[^}]*Kind:"(\w*)"[^}]*\}, Name:"([^"]*)", Namespace:"[^"]*"\}`)
)

// shorten puts kustomize's error on one line that is the same on every run.
func shorten(text string) string {
	text = attempt.ReplaceAllString(text, "")
	text = recurse.ReplaceAllString(text, "")
	text = settings.ReplaceAllString(text, "$1: ")
	text = address.ReplaceAllString(text, "")
	text = resID.ReplaceAllString(text, "$1 $2")
	text = strings.ReplaceAll(text, mount+"/", "")
	return strings.Join(strings.Fields(text), " ")
}

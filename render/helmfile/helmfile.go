package helmfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

// Folder is the name of a folder in which every YAML file is a helmfile.
const Folder = "helmfile.d"

// Is tells whether a path is one that helmfile takes by itself.
func Is(name string) bool {
	switch base := path.Base(name); base {
	case "helmfile.yaml", "helmfile.yml", "helmfile.yaml.gotmpl", "helmfile.gotmpl":
		return true
	default:
		stem := strings.TrimSuffix(base, ".gotmpl")
		return path.Base(path.Dir(name)) == Folder && (path.Ext(stem) == ".yaml" || path.Ext(stem) == ".yml")
	}
}

// DefaultEnvironment is the one that helmfile takes where none is named.
const DefaultEnvironment = "default"

// Expand returns what the releases of a helmfile deploy from the tree. A target's Cluster is its environment; empty for
// helmfile's default one.
func Expand(fsys fs.FS, file string) render.Expansion {
	x := &expansion{tree: &recorder{FS: fsys, read: make(map[string]bool)}, file: file}
	text, err := x.tree.ReadFile(file)
	if err == nil {
		err = x.all(text)
	}
	if err != nil {
		x.tell("", "this helmfile is not followed: %v; name what it deploys as targets in the configuration, or what it holds is not analysed", err)
	}
	x.out.Read = x.tree.names()
	return x.out
}

// An expansion is the work on one helmfile and those that it includes.
type expansion struct {
	tree *recorder
	file string
	out  render.Expansion
	// told are the diagnostics by their messages: most come once for each environment.
	told map[string]bool
}

// tell notes what is not analysed of a release, or of the helmfile itself: a warning where it is new or what was read has
// changed.
func (x *expansion) tell(release, format string, args ...any) {
	x.tellAt(x.file, 0, release, format, args...)
}

// tellAt tells as tell does, at a line of the helmfile or of one that it includes.
func (x *expansion) tellAt(file string, line int, release, format string, args ...any) {
	x.note(manifest.Diagnostic{Severity: manifest.Warning, File: file, Line: line, Message: fmt.Sprintf(format, args...)}, release)
}

// mistake notes what makes helmfile itself fail.
func (x *expansion) mistake(release, format string, args ...any) {
	x.note(manifest.Diagnostic{Severity: manifest.Error, File: x.file, Message: fmt.Sprintf(format, args...)}, release)
}

// deployer is how people call a release of this helmfile, or the helmfile.
func (x *expansion) deployer(release string) string {
	if release == "" {
		return "helmfile " + x.file
	}
	return "release " + release + " of helmfile " + x.file
}

func (x *expansion) note(d manifest.Diagnostic, release string) {
	key := release + "\x00" + d.Message
	if x.told[key] {
		return
	}
	if x.told == nil {
		x.told = make(map[string]bool)
	}
	x.told[key] = true
	sum := xxhash.New()
	for _, name := range x.tree.names() {
		text, err := fs.ReadFile(x.tree.FS, name)
		fmt.Fprintf(sum, "%s\x00%v\x00%s\x00", name, err, text)
	}
	d.Object, d.Digest = x.deployer(release), max(sum.Sum64(), 1)
	x.out.Diagnostics = append(x.out.Diagnostics, d)
}

// all expands the helmfile in each of its environments.
func (x *expansion) all(text []byte) error {
	environments, err := x.environments(x.file, string(text), 0)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(environments))
	for name := range environments {
		names = append(names, name)
	}
	if len(names) == 0 {
		if names, err = x.guessed(string(text)); err != nil {
			return err
		}
	}
	if len(names) > maxEnvironments {
		return fmt.Errorf("it has more than %d environments", maxEnvironments)
	}
	slices.Sort(names)
	for _, name := range names {
		w := &walk{expansion: x, environment: name}
		if err := w.follow(x.file, nil); err != nil {
			return fmt.Errorf("in the environment %s: %w", name, err)
		}
	}
	return nil
}

// Bounds on one helmfile.
const (
	maxEnvironments = 100
	maxReleases     = 5000
	maxNested       = 8
)

// topLevel is a block of a helmfile that is told by its key, up to the next key or part.
var topLevel = regexp.MustCompile(`(?m)^(environments|bases)\s*:(?:.*\n)(?:[ \t#-].*\n|[ \t]*\n|\{\{.*\n)*`)

// environments reads the environments that a helmfile and its bases declare. They are needed before the rest can be read,
// because its templates ask for their values; so only their own lines are.
func (x *expansion) environments(file, text string, depth int) (map[string]environment, error) {
	if depth > maxNested {
		return nil, fmt.Errorf("%s is the base of %d others", file, maxNested)
	}
	all := make(map[string]environment)
	for _, part := range parts(text) {
		for _, block := range topLevel.FindAllString(part+"\n", -1) {
			if strings.Contains(block, "\n---") {
				block, _, _ = strings.Cut(block, "\n---")
			}
			lenient := x.template(path.Dir(file), "missingkey=zero")
			filled, err := lenient.Execute(block, scope(unknownEnvironment, nil, nil))
			var s state
			if err == nil {
				err = decode([]byte(filled), &s)
			}
			if err != nil {
				return nil, fmt.Errorf("reading its environments: %w", err)
			}
			for _, base := range s.Bases {
				at := path.Join(path.Dir(file), base)
				text, err := x.tree.ReadFile(at)
				if err != nil {
					return nil, fmt.Errorf("reading its base %s: %w", base, err)
				}
				theirs, err := x.environments(at, string(text), depth+1)
				if err != nil {
					return nil, err
				}
				for name, e := range theirs {
					all[name] = e
				}
			}
			for name, e := range s.Environments {
				e.from = path.Dir(file)
				if before, ok := all[name]; ok {
					e.before = &before
				}
				all[name] = e
			}
		}
	}
	return all, nil
}

// unknownEnvironment stands for an environment's name while that is not known.
const unknownEnvironment = "environment-unknown"

// guessed finds the environments of a helmfile that declares none by the value files that there are.
func (x *expansion) guessed(text string) ([]string, error) {
	probe := &walk{expansion: &expansion{tree: x.tree, file: x.file, out: render.Expansion{}}, environment: unknownEnvironment, probing: true}
	if err := probe.follow(x.file, nil); err != nil {
		return nil, err
	}
	found := make(map[string]bool)
	for _, pattern := range probe.patterns {
		before, after, _ := strings.Cut(pattern, unknownEnvironment)
		matches, _ := fs.Glob(x.tree.FS, escape(before)+"*"+escape(strings.ReplaceAll(after, unknownEnvironment, "*")))
		for _, name := range matches {
			if rest := strings.TrimSuffix(strings.TrimPrefix(name, before), after); !strings.Contains(after, unknownEnvironment) && rest != "" {
				found[rest] = true
			}
		}
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	if len(names) == 0 {
		names = []string{DefaultEnvironment}
	}
	return names, nil
}

var special = regexp.MustCompile(`[*?\[\]\\]`)

func escape(pattern string) string { return special.ReplaceAllString(pattern, `\$0`) }

// parts are the documents of a helmfile; each may use the values of those before.
func parts(text string) []string {
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n---\n")
}

// A recorder is a tree that remembers what was read from it.
type recorder struct {
	fs.FS
	read map[string]bool
}

func (r *recorder) ReadFile(name string) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("%s leads out of the repository", name)
	}
	text, err := fs.ReadFile(r.FS, name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		r.read[name] = true
	}
	return text, err
}

func (r *recorder) names() []string {
	names := make([]string, 0, len(r.read))
	for name := range r.read {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(a, b) })
	return names
}

func (r *recorder) isFile(name string) bool {
	about, err := fs.Stat(r.FS, name)
	return err == nil && about.Mode().IsRegular()
}

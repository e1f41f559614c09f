package helmfile

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/render"
)

// A walk is one way through a helmfile, in one environment.
type walk struct {
	*expansion
	environment string
	// probing tells that the environment is not known: only the paths of value files are collected, as patterns.
	probing  bool
	patterns []string
	open     []string
	// depth counts the bases one inside another.
	depth int
}

// follow follows one helmfile. over are values that the one which includes it gives.
func (w *walk) follow(name string, over map[string]any) error {
	if slices.Contains(w.open, name) || len(w.open) > maxNested {
		return fmt.Errorf("%s includes itself, or more than %d others are one inside another", name, maxNested)
	}
	w.open = append(w.open, name)
	defer func() { w.open = w.open[:len(w.open)-1] }()
	text, err := w.tree.ReadFile(name)
	if err != nil {
		return err
	}
	f := &following{walk: w, file: name, source: string(text), folder: path.Dir(name), values: make(map[string]any), templates: make(map[string]map[string]any),
		repositories: make(map[string]repository)}
	environments, err := w.environments(name, string(text), 0)
	if err != nil {
		return err
	}
	e, declared := environments[w.environment]
	if err := f.environmentValues(&e, declared); err != nil {
		return err
	}
	for _, part := range parts(string(text)) {
		merge(f.values, over)
		if err := f.part(part); err != nil {
			return err
		}
	}
	return nil
}

// A following is the work on one helmfile, part after part.
type following struct {
	*walk
	// file is the one at hand, a helmfile or a base, and source its text.
	file, source string
	folder       string
	values       map[string]any
	templates    map[string]map[string]any
	repositories map[string]repository
	// lock is the path of the lock where that is not beside the helmfile.
	lock      string
	namespace string
	context   string
	settings  render.Settings
	// release is the one at hand.
	release string
}

// environmentValues takes in those of an environment, the earlier declared first.
func (f *following) environmentValues(e *environment, declared bool) error {
	if !declared {
		return nil
	}
	if e.before != nil {
		if err := f.environmentValues(e.before, true); err != nil {
			return err
		}
	}
	if e.KubeContext != "" {
		f.context = e.KubeContext
	}
	if len(e.Secrets) > 0 {
		f.tell("", "the environment %s has encrypted values, which are not read", f.environment)
	}
	for _, v := range e.Values {
		values, err := f.load(e.from, v, nil, e.MissingFileHandler)
		if err != nil {
			return fmt.Errorf("reading values: %w", err)
		}
		merge(f.values, values)
	}
	return nil
}

func (f *following) part(text string) error {
	filled, err := f.template(f.folder, "missingkey=error").Execute(text, scope(f.environment, f.values, nil))
	if err != nil {
		return err
	}
	var held map[string]any
	var s state
	if err = decode([]byte(filled), &held); err == nil {
		err = convert(held, &s)
	}
	if err != nil {
		return fmt.Errorf("reading what its templates make: %w", err)
	}
	f.unfollowed("", "", held, stateFields)
	if defaults, ok := held["helmDefaults"].(map[string]any); ok {
		f.unfollowed("", "helmDefaults", defaults, defaultFields)
	}
	if environments, ok := held["environments"].(map[string]any); ok {
		if e, ok := environments[f.environment].(map[string]any); ok {
			f.unfollowed("", "environments."+f.environment, e, environmentFields)
		}
	}
	return f.state(&s)
}

func (f *following) state(s *state) error {
	for _, base := range s.Bases {
		text, err := f.tree.ReadFile(path.Join(f.folder, base))
		if err != nil {
			return fmt.Errorf("reading its base %s: %w", base, err)
		}
		f.depth++
		if f.depth > maxNested {
			return fmt.Errorf("%s is the base of %d others", base, maxNested)
		}
		file, source := f.file, f.source
		f.file, f.source = path.Join(f.folder, base), string(text)
		for _, part := range parts(string(text)) {
			if err := f.part(part); err != nil {
				return fmt.Errorf("reading its base %s: %w", base, err)
			}
		}
		f.file, f.source = file, source
		f.depth--
	}
	for _, v := range s.Values {
		values, err := f.load(f.folder, v, nil, "")
		if err != nil {
			return fmt.Errorf("reading values: %w", err)
		}
		under := values
		merge(under, f.values)
		f.values = under
	}
	for name, t := range s.Templates {
		f.templates[name] = t
	}
	for _, r := range s.Repositories {
		f.repositories[r.Name] = r
	}
	if s.LockFilePath != "" {
		f.lock = s.LockFilePath
	}
	if s.Namespace != "" {
		f.namespace = s.Namespace
	}
	for _, context := range []string{s.KubeContext, s.HelmDefaults.KubeContext} {
		if context != "" {
			f.context = context
		}
	}
	if s.KubeVersion != "" {
		f.settings.KubeVersion = s.KubeVersion
	}
	f.settings.APIVersions = append(f.settings.APIVersions, s.APIVersions...)
	for _, h := range s.Helmfiles {
		if err := f.nested(h); err != nil {
			return err
		}
	}
	for _, r := range s.Releases {
		if len(f.out.Targets) >= maxReleases {
			return fmt.Errorf("it has more than %d releases", maxReleases)
		}
		f.release = fmt.Sprint(r["name"])
		if err := f.deploy(r); err != nil {
			f.mistake(f.release, "%v", err)
		}
		f.release = ""
	}
	return nil
}

// nested follows the helmfiles that one includes.
func (f *following) nested(entry any) error {
	var over map[string]any
	name, _ := entry.(string)
	if m, ok := entry.(map[string]any); ok {
		name, _ = m["path"].(string)
		over = make(map[string]any)
		list, _ := m["values"].([]any)
		for _, v := range list {
			values, err := f.load(f.folder, v, nil, "")
			if err != nil {
				return fmt.Errorf("reading values for %s: %w", name, err)
			}
			merge(over, values)
		}
	}
	if isRemote(name) {
		f.tell("", "it includes %s, which is not in this repository: that is not analysed", name)
		return nil
	}
	files, err := f.helmfiles(path.Join(f.folder, name))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := f.follow(file, over); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// helmfiles are what a path of `helmfiles` means: a file, a pattern, or a folder with one or a helmfile.d.
func (f *following) helmfiles(pattern string) ([]string, error) {
	matches, err := fs.Glob(f.tree.FS, pattern)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, at := range matches {
		if f.tree.isFile(at) {
			files = append(files, at)
			continue
		}
		for _, folder := range []string{at, path.Join(at, Folder)} {
			entries, _ := fs.ReadDir(f.tree.FS, folder)
			for _, e := range entries {
				if name := path.Join(folder, e.Name()); Is(name) && f.tree.isFile(name) {
					files = append(files, name)
				}
			}
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no helmfile %s in this repository: %w", pattern, fs.ErrNotExist)
	}
	return files, nil
}

func isRemote(name string) bool {
	return strings.Contains(name, "://") || strings.Contains(name, "::") || strings.HasPrefix(name, "git@")
}

// load reads one entry of a list of values: a map as it is written, or a file, which may be a template.
func (f *following) load(folder string, entry any, release map[string]any, missing string) (map[string]any, error) {
	switch v := entry.(type) {
	case map[string]any:
		return v, nil
	case string:
		merged := make(map[string]any)
		files, err := f.valueFiles(folder, v, missing)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			values, err := f.valueFile(file, release)
			if err != nil {
				return nil, err
			}
			merge(merged, values)
		}
		return merged, nil
	}
	return nil, fmt.Errorf("%v is neither a file nor a map", entry)
}

// valueFiles are the files that a path means, which may be a pattern.
func (f *following) valueFiles(folder, name, missing string) ([]string, error) {
	if isRemote(name) {
		f.tell(f.release, "it has the values %s, and nothing is fetched: they are not applied", name)
		return nil, nil
	}
	at := path.Join(folder, name)
	if f.probing {
		if strings.Contains(at, unknownEnvironment) {
			f.patterns = append(f.patterns, at)
			return nil, nil
		}
	}
	if f.tree.isFile(at) {
		return []string{at}, nil
	}
	if !fs.ValidPath(at) {
		return nil, fmt.Errorf("the value file %s leads out of the repository", name)
	}
	files, err := fs.Glob(f.tree.FS, at)
	if err != nil || len(files) > 0 || f.probing {
		return files, err
	}
	if missing != "" && missing != "Error" {
		return nil, nil
	}
	return nil, fmt.Errorf("there is no value file %s in this repository", at)
}

// valueFile reads one file of values.
func (f *following) valueFile(file string, release map[string]any) (map[string]any, error) {
	text, err := f.tree.ReadFile(file)
	if err != nil {
		return nil, err
	}
	filled := string(text)
	if path.Ext(file) == ".gotmpl" {
		if filled, err = f.template(path.Dir(file), "missingkey=error").Execute(filled, scope(f.environment, f.values, release)); err != nil {
			return nil, fmt.Errorf("filling %s: %w", file, err)
		}
	}
	var values map[string]any
	if err := decode([]byte(filled), &values); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return values, nil
}

// merge puts values over others, maps into maps. It shares no map with over.
func merge(into, over map[string]any) {
	for key, value := range over {
		inner, isMap := value.(map[string]any)
		if !isMap {
			into[key] = value
			continue
		}
		under, ok := into[key].(map[string]any)
		fresh := make(map[string]any, len(inner))
		if ok {
			merge(fresh, under)
		}
		merge(fresh, inner)
		into[key] = fresh
	}
}

// lookUp is the value at a path like a.b.c.
func lookUp(in any, name string) (any, bool) {
	for _, key := range strings.Split(name, ".") {
		m, ok := in.(map[string]any)
		if !ok {
			return nil, false
		}
		if in, ok = m[key]; !ok {
			return nil, false
		}
	}
	return in, true
}

package argocd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gobwas/glob"
)

// params are what a generator gives to a template: strings by flat names for fasttemplate, any tree for Go templates.
type params map[string]any

type generator struct {
	List *struct {
		Elements     []params `json:"elements"`
		ElementsYAML string   `json:"elementsYaml"`
	} `json:"list"`
	Git    *gitGenerator `json:"git"`
	Matrix *combination  `json:"matrix"`
	Merge  *combination  `json:"merge"`
	// Selector leaves out some of what is generated.
	Selector *struct {
		MatchLabels      map[string]string `json:"matchLabels"`
		MatchExpressions []any             `json:"matchExpressions"`
	} `json:"selector"`

	// others are the kinds that ask a cluster, a code host or a plugin.
	others []string
	// hasTemplate tells that it changes the template.
	hasTemplate bool
}

type combination struct {
	MergeKeys  []string    `json:"mergeKeys"`
	Generators []generator `json:"generators"`
}

type gitGenerator struct {
	RepoURL         string            `json:"repoURL"`
	Directories     []gitItem         `json:"directories"`
	Files           []gitItem         `json:"files"`
	Values          map[string]string `json:"values"`
	PathParamPrefix string            `json:"pathParamPrefix"`
}

type gitItem struct {
	Path    string `json:"path"`
	Exclude bool   `json:"exclude"`
}

// UnmarshalJSON notes the kinds that are not supported.
func (g *generator) UnmarshalJSON(text []byte) error {
	type plain generator
	if err := json.Unmarshal(text, (*plain)(g)); err != nil {
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	for name, value := range fields {
		settings, _ := value.(map[string]any)
		switch name {
		case "list", "git", "matrix", "merge":
			g.hasTemplate = g.hasTemplate || settings["template"] != nil
		case "selector":
		default:
			g.others = append(g.others, name)
		}
	}
	slices.Sort(g.others)
	return nil
}

// A generation expands the generators of one ApplicationSet.
type generation struct {
	fsys       fs.FS
	goTemplate bool
	options    []string
}

// generate returns the parameters that a generator makes. given are those of the generator before it in a matrix.
func (g *generation) generate(from *generator, given params) ([]params, error) {
	var all []params
	var err error
	switch {
	case len(from.others) > 0:
		return nil, unsupported("the generator %s asks for what is not in this repository", from.others[0])
	case from.hasTemplate:
		return nil, unsupported("a generator has a template of its own, which is not supported")
	case from.List != nil && from.List.ElementsYAML != "":
		return nil, unsupported("the generator list has elementsYaml, which is not supported")
	case from.List != nil:
		all, err = g.list(from.List.Elements, given)
	case from.Git != nil:
		all, err = g.git(from.Git, given)
	case from.Matrix != nil:
		all, err = g.matrix(from.Matrix, given)
	case from.Merge != nil:
		all, err = g.merge(from.Merge, given)
	default:
		return nil, errors.New("a generator is empty")
	}
	if len(all) > maxApplications {
		return nil, fmt.Errorf("there would be more than %d Applications", maxApplications)
	}
	if s := from.Selector; s != nil && err == nil {
		if len(s.MatchExpressions) > 0 {
			return nil, unsupported("a generator's selector has matchExpressions, which are not supported")
		}
		all = slices.DeleteFunc(all, func(p params) bool { return !p.match(s.MatchLabels) })
	}
	return all, err
}

func (p params) match(labels map[string]string) bool {
	flat := make(params)
	flatten(flat, "", map[string]any(p))
	for key, value := range labels {
		if text, ok := flat[key]; !ok || text != value {
			return false
		}
	}
	return true
}

func (g *generation) list(elements []params, given params) ([]params, error) {
	var all []params
	for _, element := range elements {
		filled, err := g.fill(map[string]any(element), given)
		if err != nil {
			return nil, err
		}
		p := params(maps.Clone(filled.(map[string]any))) // a merge writes into it
		if !g.goTemplate {
			flat := make(params)
			flatten(flat, "", map[string]any(p))
			p = flat
		}
		all = append(all, p)
	}
	return all, nil
}

// flatten names what is in a tree by its way there: a.b, a[0].
func flatten(into params, name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			flatten(into, strings.TrimPrefix(name+"."+key, "."), inner)
		}
	case []any:
		for i, inner := range v {
			flatten(into, fmt.Sprintf("%s[%d]", name, i), inner)
		}
	case nil:
		into[name] = ""
	default:
		into[name] = fmt.Sprint(v)
	}
}

func (g *generation) matrix(c *combination, given params) ([]params, error) {
	if len(c.Generators) != 2 {
		return nil, fmt.Errorf("a matrix has %d generators, and not two", len(c.Generators))
	}
	first, err := g.generate(&c.Generators[0], given)
	if err != nil {
		return nil, err
	}
	var all []params
	for _, a := range first {
		known := maps.Clone(given)
		if known == nil {
			known = make(params)
		}
		maps.Copy(known, a)
		second, err := g.generate(&c.Generators[1], known)
		if err != nil {
			return nil, err
		}
		for _, b := range second {
			joined := maps.Clone(a)
			for key, value := range b {
				joined[key] = g.join(joined[key], value)
			}
			all = append(all, joined)
		}
		if len(all) > maxApplications {
			break
		}
	}
	return all, nil
}

// join puts the second of two values over the first; trees are merged where Go templates are used.
func (g *generation) join(a, b any) any {
	under, ok := a.(map[string]any)
	over, both := b.(map[string]any)
	if !g.goTemplate || !ok || !both {
		return b
	}
	merged := maps.Clone(under)
	for key, value := range over {
		merged[key] = g.join(merged[key], value)
	}
	return merged
}

// merge overrides what the first generator makes with what later ones make for the same keys.
func (g *generation) merge(c *combination, given params) ([]params, error) {
	if len(c.Generators) < 2 || len(c.MergeKeys) == 0 {
		return nil, errors.New("a merge needs two generators and mergeKeys")
	}
	all, err := g.generate(&c.Generators[0], given)
	if err != nil {
		return nil, err
	}
	for i := range c.Generators[1:] {
		over, err := g.generate(&c.Generators[i+1], given)
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			for _, o := range over {
				if p.key(c.MergeKeys) != o.key(c.MergeKeys) {
					continue
				}
				for name, value := range o {
					p[name] = g.join(p[name], value)
				}
			}
		}
	}
	return all, nil
}

func (p params) key(names []string) string {
	var values []string
	flat := make(params)
	flatten(flat, "", map[string]any(p))
	for _, name := range names {
		values = append(values, fmt.Sprint(flat[name]))
	}
	return strings.Join(values, "\x00")
}

func (g *generation) git(from *gitGenerator, given params) ([]params, error) {
	if len(from.Directories) > 0 {
		return g.directories(from, given)
	}
	return g.files(from, given)
}

// directories are the folders that a pattern matches; hidden ones never count.
func (g *generation) directories(from *gitGenerator, given params) ([]params, error) {
	is := func(item gitItem, name string) (bool, error) { return path.Match(path.Clean(item.Path), name) }
	var all []params
	names, err := g.matching(from.Directories, given, is, true)
	for _, name := range names {
		p := g.pathParams(name, from.PathParamPrefix, false)
		if err := g.addValues(p, from.Values); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, err
}

// files are those that a pattern matches, in which * goes across folders as in git; each gives what it holds.
func (g *generation) files(from *gitGenerator, given params) ([]params, error) {
	is := func(item gitItem, name string) (bool, error) {
		pattern, err := glob.Compile(strings.TrimPrefix(item.Path, "./"))
		return err == nil && pattern.Match(name), err
	}
	var all []params
	names, err := g.matching(from.Files, given, is, false)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		held, err := readParams(g.fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		for _, tree := range held {
			p := params(tree)
			if !g.goTemplate {
				p = make(params)
				flatten(p, "", tree)
			}
			maps.Copy(p, g.pathParams(name, from.PathParamPrefix, true))
			if err := g.addValues(p, from.Values); err != nil {
				return nil, err
			}
			all = append(all, p)
		}
	}
	return all, nil
}

// matching lists the folders or files that some items match and none excludes.
func (g *generation) matching(items []gitItem, given params, is func(gitItem, string) (bool, error), folders bool) ([]string, error) {
	items = slices.Clone(items)
	for i := range items {
		filled, err := g.text(items[i].Path, given)
		if err != nil {
			return nil, err
		}
		items[i].Path = filled
	}
	var names []string
	err := fs.WalkDir(g.fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && entry.IsDir() && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir() != folders || name == ".":
			return nil
		}
		found := false
		for _, item := range items {
			ok, err := is(item, name)
			if err != nil {
				return fmt.Errorf("reading the pattern %q: %w", item.Path, err)
			}
			if ok && item.Exclude {
				return nil
			}
			found = found || ok
		}
		if found {
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// readParams reads a file of one object or a list of them.
func readParams(fsys fs.FS, name string) ([]map[string]any, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	held, err := decode(text)
	if err != nil {
		return nil, err
	}
	all, isList := held.([]any)
	if !isList {
		all = []any{held}
	}
	var list []map[string]any
	for _, one := range all {
		m, ok := one.(map[string]any)
		if !ok {
			return nil, errors.New("it holds no object")
		}
		list = append(list, m)
	}
	return list, nil
}

// pathParams tell where a folder or a file is.
func (g *generation) pathParams(name, prefix string, isFile bool) params {
	folder := name
	if isFile {
		folder = path.Dir(name)
	}
	segments := strings.Split(folder, "/")
	if g.goTemplate {
		at := map[string]any{"path": folder, "basename": path.Base(folder), "basenameNormalized": normalize(path.Base(folder))}
		list := make([]any, len(segments))
		for i, s := range segments {
			list[i] = s
		}
		at["segments"] = list
		if isFile {
			at["filename"], at["filenameNormalized"] = path.Base(name), normalize(path.Base(name))
		}
		if prefix != "" {
			return params{prefix: map[string]any{"path": at}}
		}
		return params{"path": at}
	}
	at := "path"
	if prefix != "" {
		at = prefix + ".path"
	}
	p := params{at: folder, at + ".basename": path.Base(folder), at + ".basenameNormalized": normalize(path.Base(folder))}
	for i, s := range segments {
		p[fmt.Sprintf("%s[%d]", at, i)] = s
	}
	if isFile {
		p[at+".filename"], p[at+".filenameNormalized"] = path.Base(name), normalize(path.Base(name))
	}
	return p
}

func (g *generation) addValues(p params, values map[string]string) error {
	filled := make(map[string]any)
	for key, value := range values {
		text, err := g.text(value, p)
		if err != nil {
			return err
		}
		filled[key] = text
	}
	for key, value := range filled {
		if !g.goTemplate {
			p["values."+key] = value
		}
	}
	if g.goTemplate && len(filled) > 0 {
		p["values"] = filled
	}
	return nil
}

var notInNames = regexp.MustCompile(`[^-a-z0-9.]`)

// normalize makes a name of an object of a text, as Argo CD does.
func normalize(name string) string {
	name = notInNames.ReplaceAllString(strings.ToLower(name), "-")
	return strings.Trim(name[:min(len(name), 253)], "-.")
}

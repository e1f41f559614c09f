package review

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// tellPrograms warns of files in other languages that the change edits and that seem to make policies: templates of other tools,
// jsonnet, CUE, KCL, Terraform, programs. None of them is run, and without a word "no connection changes" would be taken to be
// about them.
func (c *comparison) tellPrograms() {
	if !c.findsItself() {
		return
	}
	p := &programs{comparison: c, read: make(map[string]bool)}
	for _, s := range []*state{c.base, c.head} {
		for _, u := range s.units {
			paths, _ := u.Reads()
			for _, at := range paths {
				p.read[at] = true
			}
		}
	}
	p.folder(".")
	if more := len(p.found) - maxUnreadNamed; more > 0 {
		p.found = append(p.found[:maxUnreadNamed], manifest.Diagnostic{Severity: manifest.Warning,
			Message: fmt.Sprintf("%d more changed files in other languages that seem to make policies", more)})
	}
	c.notes = append(c.notes, p.found...)
}

type programs struct {
	*comparison
	// read are the files that some target reads.
	read  map[string]bool
	files int
	found []manifest.Diagnostic
}

func (p *programs) folder(dir string) {
	if p.files > maxUnreadFiles || tree.Same(p.base.tree, p.head.tree, dir) {
		return
	}
	names, kinds := p.entries(dir)
	if kinds["Chart.yaml"].IsRegular() && slices.Contains(names, "Chart.yaml") {
		return // Helm's templates have such endings
	}
	for _, name := range names {
		at := path.Join(dir, name)
		switch mode := kinds[name]; {
		case strings.HasPrefix(name, "."), name == "node_modules", name == "vendor", name == "testdata":
		case mode.IsDir():
			p.folder(at)
		case mode.IsRegular() && makes(name) != nil && !p.read[at]:
			p.file(at, makes(name))
		}
	}
}

// file tells of a changed file in which either side makes policies.
func (p *programs) file(at string, policies *regexp.Regexp) {
	if tree.Same(p.base.tree, p.head.tree, at) {
		return
	}
	p.files++
	for _, s := range []*state{p.head, p.base} {
		if info, err := fs.Stat(s.tree, at); err != nil || info.Size() > maxUnreadBytes {
			continue
		}
		text, err := s.tree.ReadFile(at)
		if err != nil {
			continue
		}
		if where := policies.FindIndex(text); where != nil {
			p.found = append(p.found, manifest.Diagnostic{Severity: manifest.Warning, File: at, Line: 1 + bytes.Count(text[:where[1]-1], []byte("\n")),
				Message: "the change edits this file, which seems to make policies: no program is run and no template of another tool filled in, so that what comes of it is not in this report; name what it renders to as a target"})
			return
		}
	}
}

// How policies are made in other languages: as YAML with gaps, as fields, and by a constructor.
var (
	asText  = regexp.MustCompile(`(?m)^(?:\s*- |\s*)["']?kind["']?\s*:\s*["']?\w*NetworkPolicy["']?\s*$`)
	asField = regexp.MustCompile(`(?m)["']?kind["']?\s*[:=]\s*["']\w*NetworkPolicy["']|(?:^|\W)(?:Kube|Cilium|Calico|Global)?[Nn]etworkPolicy(?:V1)?\s*(?:\.new\s*)?[({]`)
	asBlock = regexp.MustCompile(asText.String() + `|"kubernetes_network_policy(?:_v1)?"`)
	asName  = regexp.MustCompile(asField.String() + `|NetworkPolicy\.pkl\b`)
)

// languages tell by a file's ending how policies are made in it.
var languages = map[string]*regexp.Regexp{
	".j2": asText, ".jinja": asText, ".jinja2": asText, ".tmpl": asText, ".tpl": asText, ".gotmpl": asText, ".erb": asText, ".mustache": asText,
	".tftpl": asBlock, ".tf": asBlock, ".hcl": asBlock, ".sh": asText, ".bash": asText,
	".jsonnet": asField, ".libsonnet": asField, ".cue": asField, ".star": asField, ".dhall": asField, ".k": asField, ".pkl": asName,
	".ts": asField, ".mts": asField, ".js": asField, ".mjs": asField, ".py": asField,
}

// makes is how policies would be made in a file of a name; nil if they are not, or in a test.
func makes(name string) *regexp.Regexp {
	if base := strings.TrimSuffix(name, path.Ext(name)); strings.HasSuffix(base, "_test") || strings.HasSuffix(base, ".test") || strings.HasPrefix(base, "test_") {
		return nil
	}
	return languages[path.Ext(name)]
}

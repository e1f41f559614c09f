package helm

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// separator splits documents as Helm does: charts get away with "---apiVersion: v1".
var separator = regexp.MustCompile(`(?m)^---[ \t]*`)

// A document is one of a template's documents with the objects that are read from it.
type document struct {
	template chartFile
	text     string
	objects  []*manifest.Object
	problems []manifest.Diagnostic
}

// documents splits the output of the templates, in the order of their files.
func (s *chartSource) documents(rendered map[string]string) []document {
	var all []document
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		// Helm goes by the end of the name alone.
		if strings.HasSuffix(name, "NOTES.txt") || strings.TrimSpace(rendered[name]) == "" {
			continue
		}
		all = append(all, read(s.template(name), rendered[name])...)
	}
	return all
}

// read reads the documents that one template rendered to, and finds the lines of their objects.
func read(template chartFile, rendered string) []document {
	var all []document
	var found []*manifest.Object
	for _, text := range separator.Split(rendered, -1) {
		d := document{template: template, text: text}
		d.objects, d.problems = manifest.Read(template.origin, []byte(text))
		if len(d.objects) == 0 && len(d.problems) == 0 {
			d.problems = noObject(template.origin, text)
		}
		for i := range d.problems {
			// The line is one of the rendered text, which nobody can look at.
			d.problems[i].Line = 0
			if d.problems[i].Taken {
				continue
			}
			d.problems[i].Message = "the template renders to a document that is no object: " + d.problems[i].Message
		}
		found = append(found, d.objects...)
		all = append(all, d)
	}
	lines := templateLines(string(template.text), found)
	for i, o := range found {
		o.Body.SetLines(0)
		o.Origin.Line = lines[i]
		if template.named.File != "" {
			o.Origin = template.named
		}
	}
	return all
}

// objects are what an installation or an upgrade makes.
func (s *chartSource) objects(rendered map[string]string) ([]*manifest.Object, []manifest.Diagnostic) {
	var objects []*manifest.Object
	var problems []manifest.Diagnostic
	for _, d := range s.documents(rendered) {
		for _, o := range d.objects {
			if isDeployed(o) {
				objects = append(objects, o)
			}
		}
		problems = append(problems, d.problems...)
	}
	return objects, problems
}

// noObject says what is wrong with a document that is no object. Helm refuses to install it, so the release is not what
// the rest of the chart says; a document of comments alone is nothing.
func noObject(file, text string) []manifest.Diagnostic {
	problem := manifest.Diagnostic{Severity: manifest.Error, File: file, Message: "it has no apiVersion and kind", Digest: xxhash.Sum64String(text)}
	var root yaml.Node
	err := yaml.Unmarshal([]byte(text), &root)
	switch {
	case err != nil:
		problem.Message = strings.TrimPrefix(err.Error(), "yaml: ")
	case len(root.Content) == 0 || root.Content[0].ShortTag() == "!!null":
		return nil
	}
	return []manifest.Diagnostic{problem}
}

// template finds the file that the engine names by the chart's name and its subcharts' names or aliases, as in
// app/charts/cache/templates/service.yaml. A template of an archive has the archive as its origin and no text.
func (s *chartSource) template(rendered string) chartFile {
	_, rest, _ := strings.Cut(rendered, "/")
	inside := ""
	for {
		below, ok := strings.CutPrefix(rest, "charts/")
		if !ok {
			break
		}
		name, after, _ := strings.Cut(below, "/")
		folder, archive := s.subchart(inside+"charts/", name)
		if folder == "" {
			return archive
		}
		inside, rest = inside+"charts/"+folder+"/", after
	}
	for _, f := range s.files {
		if f.name == inside+rest {
			return f
		}
	}
	return chartFile{origin: rendered}
}

// subchart finds the folder of a dependency, or the archive that holds it.
func (s *chartSource) subchart(charts, name string) (folder string, archive chartFile) {
	names := []string{name}
	if chart, ok := s.aliases[name]; ok {
		names = append(names, chart)
	}
	for _, f := range s.files {
		rest, ok := strings.CutPrefix(f.name, charts)
		if !ok {
			continue
		}
		top, below, _ := strings.Cut(rest, "/")
		for _, n := range names {
			switch {
			case below == "Chart.yaml" && nameIn(f.text) == n:
				return top, chartFile{}
			case below == "" && isArchiveOf(top, n):
				archive = chartFile{origin: f.origin, named: s.named[charts+name]}
			}
		}
	}
	return "", archive
}

package kustomize

import (
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// sources holds the files that objects come from, as they were written.
type sources struct {
	tree fs.FS
	// patches are what the kustomizations change, in their order.
	patches []patch
	// elsewhere tells a file of another repository, whose lines nobody can look at.
	elsewhere func(file string) bool
	files     map[string]source
}

type source struct {
	objects []*manifest.Object
	// root is the file's first document, for the generators of a kustomization.
	root *manifest.Node
}

func newSources(tree fs.FS, patches []patch, elsewhere func(file string) bool) *sources {
	return &sources{tree: tree, patches: patches, elsewhere: elsewhere, files: make(map[string]source)}
}

func (s *sources) read(file string) source {
	if known, ok := s.files[file]; ok {
		return known
	}
	var found source
	if text, err := fs.ReadFile(s.tree, file); err == nil {
		found.objects, _ = manifest.Read(file, text)
	}
	if s.elsewhere(file) {
		for _, o := range found.objects {
			o.Origin.Line = 0
			o.Body.SetLines(0)
		}
	}
	s.files[file] = found
	return found
}

// readKustomization reads the first document of a file, which needs neither apiVersion nor kind.
func (s *sources) readKustomization(file string) *manifest.Node {
	known := s.read(file)
	if known.root == nil {
		known.root = new(manifest.Node)
		var doc yaml.Node
		if text, err := fs.ReadFile(s.tree, file); err == nil && yaml.Unmarshal(text, &doc) == nil {
			if root, err := manifest.FromYAML(&doc, 0); err == nil {
				known.root = root
			}
		}
		s.files[file] = known
	}
	return known.root
}

// locate gives an object and its fields the lines of its origin file; what is not found there keeps line 0.
func (s *sources) locate(o *manifest.Object, from origin) {
	file := o.Origin.File
	if from.generator != "" {
		o.Origin.Line = s.generatorLine(file, o, from)
		return
	}
	if like := original(s.read(file).objects, o); like != nil {
		o.Origin.Line = like.Origin.Line
		locate(o, like.Body, like.Origin.Line, s.patches)
	}
}

// search looks for an object whose origin kustomize did not tell.
func (s *sources) search(o *manifest.Object, files []string) {
	var written []*manifest.Object
	for _, file := range files {
		written = append(written, s.read(file).objects...)
	}
	if like := original(written, o); like != nil {
		o.Origin = like.Origin
		locate(o, like.Body, like.Origin.Line, s.patches)
	}
}

// locateInChart gives what patches changed of a chart's object their lines; nobody can look at the others.
func (s *sources) locateInChart(o *manifest.Object, rendered []byte) {
	objects, _ := manifest.Read(o.Origin.File, rendered)
	if like := original(objects, o); like != nil {
		like.Body.SetLines(0)
		locate(o, like.Body, 0, s.patches)
	}
}

// original finds the document that became o. Its name may have got a prefix or suffix on the way and its namespace may
// be another; its kind mostly stays.
func original(written []*manifest.Object, o *manifest.Object) *manifest.Object {
	var best *manifest.Object
	bestRank, tied := 0, false
	for _, w := range written {
		if w.Kind != o.Kind || w.Group != o.Group {
			continue
		}
		rank := 1
		switch {
		case w.Name == o.Name:
			rank = 1 << 20
		case w.Name != "" && strings.Contains(o.Name, w.Name):
			rank = 2 + 2*len(w.Name)
		}
		if rank > 1 && w.Namespace == o.Namespace {
			rank++
		}
		if rank == bestRank {
			tied = true
		}
		if rank > bestRank {
			best, bestRank, tied = w, rank, false
		}
	}
	if tied {
		return nil // either could be the one, and no line is better than a wrong one
	}
	if best == nil && len(written) == 1 {
		return written[0] // a patch changed the kind
	}
	return best
}

// generatorLine finds the entry of a kustomization, or the document of a generator's own file, that made o.
func (s *sources) generatorLine(file string, o *manifest.Object, from origin) int {
	if from.name != "" {
		for _, w := range s.read(file).objects {
			if w.Kind == from.generator && w.Name == from.name {
				return w.Origin.Line
			}
		}
	}
	root := s.readKustomization(file)
	inline := root.Get("generators")
	for i := range inline.Elements() {
		if settings := &inline.Items[i]; from.name != "" && strings.Contains(settings.Str(), "name: "+from.name+"\n") {
			return settings.Line
		}
	}
	fields := map[string]string{"ConfigMapGenerator": "configMapGenerator", "SecretGenerator": "secretGenerator"}
	line, longest := 0, -1
	entries := root.Get(fields[from.generator])
	for i := range entries.Elements() {
		entry := &entries.Items[i]
		if name := entry.Get("name").Str(); len(name) > longest && strings.Contains(o.Name, name) {
			line, longest = entry.Line, len(name)
		}
	}
	return line
}

package kustomize

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// An origin tells where kustomize took an object from.
type origin struct {
	// file is where the object, or the settings of its generator, are written; relative to the folder that is built.
	file string
	// generator is the kind of the generator that made the object, such as ConfigMapGenerator; empty if it was read.
	generator string
	// name is that of the generator's own settings, if they are a document of their own.
	name string
}

// namesAnnotations tells whether a patch or a replacement may take annotations as a whole from an object.
func namesAnnotations(text []byte) bool {
	return bytes.Contains(text, []byte("metadata/annotations")) || bytes.Contains(text, []byte("metadata.annotations"))
}

func (k *kustomization) asksForOrigins() bool {
	return slices.Contains(k.BuildMetadata, types.OriginAnnotations)
}

// withOrigins is the kustomization's text with a demand for origins.
func (k *kustomization) withOrigins() []byte {
	var root yaml.Node
	if yaml.Unmarshal(k.text, &root) != nil || len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode || len(root.Content[0].Content) == 0 {
		return k.text
	}
	top := root.Content[0]
	if len(k.BuildMetadata) == 0 && top.Style&yaml.FlowStyle == 0 && top.Content[0].Column == 1 {
		// A line before the first key leaves everything else as it is written, which printing it again might not.
		lines := bytes.SplitAfter(k.text, []byte("\n"))
		first := top.Content[0].Line - 1
		demand := []byte("buildMetadata: [" + types.OriginAnnotations + "]\n")
		return bytes.Join(slices.Insert(lines, first, demand), nil)
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		if strings.EqualFold(top.Content[i].Value, "buildMetadata") {
			top.Content = slices.Delete(top.Content, i, i+2)
			break
		}
	}
	demand := &yaml.Node{Kind: yaml.SequenceNode}
	for _, option := range append(slices.Clone(k.BuildMetadata), types.OriginAnnotations) {
		demand.Content = append(demand.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: option})
	}
	top.Content = append(top.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "buildMetadata"}, demand)
	text, err := yaml.Marshal(&root)
	if err != nil {
		return k.text
	}
	return text
}

// originsOf reads the annotations that kustomize left, in the order of the output.
func originsOf(output resmap.ResMap) ([]origin, error) {
	origins := make([]origin, output.Size())
	for i, res := range output.Resources() {
		from, err := res.GetOrigin()
		if err != nil {
			return nil, fmt.Errorf("reading the origin of %s: %w", res.CurId(), err)
		}
		switch {
		case from == nil:
		case strings.HasSuffix(from.ConfiguredBy.Kind, "Transformer"):
			// It threw the annotation away, and then counts as the object's maker.
		case from.ConfiguredIn != "":
			origins[i] = origin{file: from.ConfiguredIn, generator: from.ConfiguredBy.Kind, name: from.ConfiguredBy.Name}
		default:
			origins[i] = origin{file: from.Path}
		}
	}
	return origins, nil
}

func (b *built) objects() ([]*manifest.Object, []manifest.Diagnostic, error) {
	sources := newSources(b.written, b.patches, func(file string) bool { return b.baseOf(file) != nil })
	var objects []*manifest.Object
	var problems []manifest.Diagnostic
	for i, res := range b.output.Resources() {
		// Without an origin the kustomization that is built stands in for the file.
		file, from := b.top.file, b.origins[i]
		if from.file != "" {
			file = path.Join(b.top.dir, from.file)
		}
		root, err := convert(res.YNode())
		if err != nil {
			return nil, nil, fmt.Errorf("reading %s: %s %s: %w", file, res.GetKind(), res.GetName(), err)
		}
		found, broken := manifest.FromNode(file, root)
		for _, o := range found {
			written, ofChart := b.charts[file]
			switch {
			case ofChart:
				o.Origin = written.Origin
				sources.locateInChart(o, b.instead[file])
			case from.file == "":
				sources.search(o, b.resources)
			default:
				sources.locate(o, from)
			}
			if in := b.baseOf(o.Origin.File); in != nil {
				o.Origin = in.named
			}
		}
		for i := range broken {
			if in := b.baseOf(broken[i].File); in != nil {
				broken[i].File, broken[i].Line = in.named.File, in.named.Line
			}
		}
		objects = append(objects, found...)
		problems = append(problems, broken...)
	}
	return objects, problems, nil
}

// nameOrigins puts what kustomize itself would say into the annotations that a kustomization asks for, in the place of the
// files and folders that only this build has.
func (b *built) nameOrigins() error {
	for i, res := range b.output.Resources() {
		file := path.Join(b.top.dir, b.origins[i].file)
		made, ofChart := b.charts[file]
		in := b.baseOf(file)
		if !ofChart && in == nil {
			continue
		}
		o, err := res.GetOrigin()
		if err != nil {
			return fmt.Errorf("reading the origin of %s: %w", res.CurId(), err)
		}
		dir := path.Dir(b.origins[i].file)
		if in != nil {
			dir = path.Dir(strings.TrimPrefix(file, in.at+"/"))
			if rest, ok := strings.CutPrefix(path.Join(b.top.dir, o.Path), in.at+"/"); ok {
				o.Path = rest
			}
			if rest, ok := strings.CutPrefix(path.Join(b.top.dir, o.ConfiguredIn), in.at+"/"); ok {
				o.ConfiguredIn = rest
			}
		}
		if ofChart {
			generator := made.generator
			if o = &generator; o.ConfiguredIn != "" {
				o.ConfiguredIn = path.Join(dir, o.ConfiguredIn)
			}
		}
		if in != nil && o.Repo == "" && (o.Path == "" || !isRemote(o.Path)) {
			o.Repo, o.Ref = in.repository, in.ref
		}
		if err := res.SetOrigin(o); err != nil {
			return fmt.Errorf("writing the origin of %s: %w", res.CurId(), err)
		}
	}
	return nil
}

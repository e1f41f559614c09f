package discover

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

// A kustomization is what matters of one here.
type kustomization struct {
	file        string
	isComponent bool
	// isEmpty tells that nothing comes out of it.
	isEmpty bool
	// uses are the folders of the resources and bases.
	uses []string
	// names are all folders of kustomizations and all files that it names.
	names []string
}

// isKustomizationFile knows the names of konfig.RecognizedKustomizationFileNames.
func isKustomizationFile(base string) bool {
	return base == "kustomization.yaml" || base == "kustomization.yml" || base == "Kustomization"
}

// readKustomization notes what a kustomization uses. A broken one uses nothing; its renderer says what is wrong.
func (s *survey) readKustomization(folder string, k *kustomization) {
	n := s.readNode(k.file)
	if n == nil {
		return
	}
	k.isComponent = n.Get("kind").Str() == "Component"
	k.isEmpty = true
	for _, field := range []string{"resources", "bases", "components", "configMapGenerator", "secretGenerator", "generators", "helmCharts", "helmChartInflationGenerator"} {
		if len(n.Get(field).Elements()) > 0 {
			k.isEmpty = false
		}
	}
	for _, field := range []string{"resources", "bases", "components", "generators", "transformers", "validators"} {
		for _, ref := range n.Get(field).Elements() {
			at, ok := inside(folder, ref.Str())
			if ok {
				at = s.behind(at)
			}
			if !ok || ref.Str() == "" || at == folder || s.kustomizations[at] == nil {
				continue
			}
			s.used[at] = true
			k.names = append(k.names, at)
			if field == "resources" || field == "bases" {
				k.uses = append(k.uses, at)
			}
		}
	}
	s.useFiles(folder, k, n)
	s.useCharts(folder, n)
}

// useFiles marks every file as used that any string of the kustomization could name. It does not go by field: a field
// that is new to this program must not turn patches into objects.
func (s *survey) useFiles(folder string, k *kustomization, n *manifest.Node) {
	if n.Kind == manifest.String {
		ref := n.Text
		if _, file, ok := strings.Cut(ref, "="); ok { // generators name files as key=file
			ref = file
		}
		if !isManifestFile(path.Base(ref)) {
			return
		}
		if at, ok := inside(folder, ref); ok {
			s.used[at] = true
			k.names = append(k.names, at)
		}
		return
	}
	for i := range n.Items {
		s.useFiles(folder, k, &n.Items[i])
	}
}

// useCharts marks the charts that a kustomization inflates.
func (s *survey) useCharts(folder string, n *manifest.Node) {
	home := n.Get("helmGlobals", "chartHome").Str()
	if home == "" {
		home = "charts"
	}
	for _, field := range []string{"helmCharts", "helmChartInflationGenerator"} {
		for _, c := range n.Get(field).Elements() {
			name := c.Get("name").Str() + c.Get("chartName").Str()
			if at, ok := inside(folder, path.Join(home, name)); ok {
				s.used[at] = true
			}
		}
	}
}

// roots are the kustomizations that no other one uses.
func (s *survey) roots() []Found {
	var found []Found
	for folder, k := range s.kustomizations {
		if k.isComponent || k.isEmpty || s.used[folder] || s.inChart(folder) {
			continue
		}
		t := render.Target{Kind: render.Kustomize, Path: folder}
		found = append(found, Found{Target: t, By: byRoot, mark: markOf(t), uses: k.uses})
	}
	return found
}

// readNode reads a file of one YAML document; nil if it cannot be read, which its renderer tells. One that is too large is
// told here: a renderer may have the time for it.
func (s *survey) readNode(file string) *manifest.Node {
	text, err := fs.ReadFile(s.fsys, file)
	if err != nil {
		return nil
	}
	n, err := manifest.Parse(text)
	if errors.Is(err, manifest.ErrLarge) {
		s.problems = append(s.problems, manifest.Diagnostic{Severity: manifest.Error, File: file, Digest: max(xxhash.Sum64(text), 1), Message: err.Error()})
	}
	if err != nil {
		return nil
	}
	return n
}

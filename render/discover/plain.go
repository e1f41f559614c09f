package discover

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/plain"
)

// plainTargets are the topmost folders that hold manifests themselves and can be read whole with what is below them.
// Where a folder cannot, because something below it is another target's, its files are targets one by one.
func (s *survey) plainTargets() []Found {
	s.begin()
	holds, unread := s.manifests()
	mixed := s.mixed(holds)
	taken := make(map[string]bool)
	var found []Found
	add := func(at, by string) {
		t := render.Target{Kind: render.Plain, Path: at}
		found = append(found, Found{Target: t, By: by, mark: markOf(t)})
	}
	for _, folder := range s.folders { // parents come first
		switch {
		case len(holds[folder]) == 0:
		case slices.ContainsFunc(parents(folder), func(at string) bool { return taken[at] }):
		case mixed[folder]:
			for _, base := range holds[folder] {
				add(path.Join(folder, base), byFile)
			}
		default:
			taken[folder] = true
			add(folder, byFolder)
		}
	}
	for _, d := range unread { // a target tells it itself
		if !slices.ContainsFunc(slices.Collect(upward(path.Dir(d.File))), func(at string) bool { return taken[at] }) {
			s.problems = append(s.problems, d)
		}
	}
	return found
}

func parents(folder string) []string { return slices.Collect(upward(folder))[1:] }

// manifests returns the files of each folder that hold objects and are neither a kustomization's nor a chart's, and a
// warning for each file of YAML that could not be looked into.
func (s *survey) manifests() (holds map[string][]string, unread []manifest.Diagnostic) {
	holds = make(map[string][]string)
	for _, folder := range s.folders {
		if s.inKustomization(folder) || s.inChart(folder) {
			continue
		}
		for _, base := range s.files[folder] {
			name := path.Join(folder, base)
			if s.used[name] || s.isLate() {
				continue
			}
			isJSON := path.Ext(base) == ".json"
			text, err := fs.ReadFile(s.fsys, name)
			switch {
			case err == nil && holdsObject(text, isJSON):
				holds[folder] = append(holds[folder], base)
			case err != nil && !isJSON: // JSON that is too large for git is mostly data
				d := plain.Unreadable(s.fsys, name, err)
				d.Severity = manifest.Warning
				d.Message += "; if it holds manifests, they are not analysed"
				unread = append(unread, d)
			}
		}
	}
	return holds, unread
}

// inKustomization tells whether a folder belongs to a kustomization: what that one leaves out, its author has left out.
// The root's does not claim the whole repository.
func (s *survey) inKustomization(folder string) bool {
	for at := range upward(folder) {
		if s.kustomizations[at] != nil && (at != "." || folder == ".") {
			return true
		}
	}
	return false
}

// mixed are the folders below which there is something that a plain target must not take: a kustomization, a chart, a
// file that a kustomization uses, or manifests of another environment.
func (s *survey) mixed(holds map[string][]string) map[string]bool {
	mixed := make(map[string]bool)
	spoil := func(from string) {
		for at := range upward(from) {
			mixed[at] = true
		}
	}
	for _, folder := range s.folders {
		if s.kustomizations[folder] != nil || s.charts[folder] != nil {
			spoil(folder)
		}
		for _, base := range s.files[folder] {
			if s.used[path.Join(folder, base)] {
				spoil(folder)
			}
		}
		if len(holds[folder]) == 0 {
			continue
		}
		for _, at := range parents(folder) {
			if marked(at) != marked(folder) {
				mixed[at] = true
			}
		}
	}
	return mixed
}

func marked(folder string) string {
	m := markOf(render.Target{Kind: render.Plain, Path: folder})
	if isNumber(m.below) {
		return m.environment + "/" + m.below
	}
	return m.environment
}

var (
	apiVersionLine = regexp.MustCompile(`(?m)^["']?apiVersion["']?\s*:\s*["']?([^\s"'#,}]+)`)
	kindLine       = regexp.MustCompile(`(?m)^["']?kind["']?\s*:\s*["']?([^\s"'#,}]+)`)
	// In JSON and in flow style the names stand anywhere.
	apiVersionField = regexp.MustCompile(`["']?apiVersion["']?\s*:\s*["']?([^\s"'#,}]+)`)
	kindField       = regexp.MustCompile(`["']?kind["']?\s*:\s*["']?([^\s"'#,}]+)`)
)

// holdsObject tells, without reading YAML, whether a file has a document with an object for a cluster.
func holdsObject(text []byte, isJSON bool) bool {
	for doc := range manifest.Documents(text) {
		apiVersion, kind := apiVersionLine, kindLine
		if isJSON || strings.HasPrefix(strings.TrimSpace(string(doc.Text[:min(len(doc.Text), 64)])), "{") {
			apiVersion, kind = apiVersionField, kindField
		}
		v, k := apiVersion.FindSubmatch(doc.Text), kind.FindSubmatch(doc.Text)
		if v != nil && k != nil && !isToolConfig(string(v[1]), string(k[1])) {
			return true
		}
		if isObject(doc.Text, (v == nil) != (k == nil)) {
			return true
		}
	}
	return false
}

// isObject reads a document that may be an object in another form than is usual (indented, with tags or escapes, in flow style
// behind a comment), or one that lacks its apiVersion or its kind: whoever reads it says so.
func isObject(text []byte, mayBeHalf bool) bool {
	isEscaped := bytes.ContainsRune(text, '\\')
	has := func(word string) bool { return isEscaped || bytes.Contains(text, []byte(word)) }
	if !has("metadata") || !mayBeHalf && (!has("apiVersion") || !has("kind")) {
		return false
	}
	n, err := manifest.Parse(text)
	if err != nil {
		// Who reads it says what is wrong with it: of a key that is given twice some clients take the last one.
		return errors.Is(err, manifest.ErrLarge) || len(apiVersionLine.FindAll(text, 2)) > 1
	}
	apiVersion, kind := n.Get("apiVersion").Str(), n.Get("kind").Str()
	return apiVersion != "" && kind != "" && !isToolConfig(apiVersion, kind) || mayBeHalf && manifest.HalfType(n) != ""
}

// toolGroups are API groups of files that programs read and no cluster stores.
var toolGroups = map[string]bool{
	"kustomize.config.k8s.io": true, "kind.x-k8s.io": true, "kubeadm.k8s.io": true, "kubelet.config.k8s.io": true,
	"kubeproxy.config.k8s.io": true, "audit.k8s.io": true, "apiserver.config.k8s.io": true, "skaffold": true,
	"backstage.io": true, "ctlptl.dev": true, "kuttl.dev": true, "chainsaw.kyverno.io": true, "cli.kyverno.io": true,
	"kpt.dev": true, "eksctl.io": true, "k3d.io": true, "jsonnet.k8s.io": true, "tanka.dev": true, "tilt.dev": true,
}

func isToolConfig(apiVersion, kind string) bool {
	group, version := manifest.SplitAPIVersion(apiVersion)
	return toolGroups[group] || version == "builtin" || group == "" && (kind == "Config" || kind == "Kustomization")
}

package kustomize

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/netpol-impact/netpol-impact/render/fetch"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// walk visits every kustomization that a build reaches, before the build: kustomize itself would fetch a remote
// reference without asking, and its words for a missing file are hard to understand.
type walk struct {
	ctx context.Context
	// tree is what is built, written the tree without the edits of a deployer.
	tree, written fs.FS
	options       Options
	seen          map[string]bool
	// instead holds the files that kustomize shall see differently, charts is where their objects are written.
	instead map[string][]byte
	charts  chartOrigins
	// chartNamespaces is the namespace that a kustomization's charts were rendered into.
	chartNamespaces map[string]string
	// setsSchema tells that a kustomization sets the schema that kustomize merges by.
	setsSchema bool
	// grafted is the tree in which bases are put, by the folder that each is in; within are those that are being visited, and
	// repositories what was fetched.
	grafted      *tree.Grafted
	bases        map[string]*base
	within       map[string]bool
	repositories map[fetch.CommitRef]fs.FS
	// resources are the files that objects are read from, patches what the kustomizations change, in their order.
	resources []string
	patches   []patch
}

// A kustomization is one kustomization file.
type kustomization struct {
	types.Kustomization
	dir, file string
	text      []byte
	// fetched are the resources that only this build has, bases the folders of other repositories that it sees.
	fetched []string
	bases   map[string]foundBase
}

// A refError is a reference in a kustomization that cannot be followed.
type refError struct {
	file  string
	line  int
	field string
	ref   string
	text  string
}

func (e *refError) Error() string {
	return fmt.Sprintf("%s:%d: %s: %s %s", e.file, e.line, e.field, e.ref, e.text)
}

// line finds the first of some words; 1 if there is none.
func (k *kustomization) line(words ...string) int {
	for _, word := range words {
		if at := bytes.Index(k.text, []byte(word)); at >= 0 {
			return 1 + bytes.Count(k.text[:at], []byte("\n"))
		}
	}
	return 1
}

func (k *kustomization) refuse(field, ref, format string, args ...any) error {
	return &refError{file: k.file, line: k.line(ref, field), field: field, ref: ref, text: fmt.Sprintf(format, args...)}
}

// load reads the kustomization file of a folder.
func load(tree fs.FS, dir string) (*kustomization, error) {
	var found *kustomization
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		file := path.Join(dir, name)
		text, err := fs.ReadFile(tree, file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		if found != nil {
			return nil, fmt.Errorf("%s and %s stand side by side; remove one", found.file, name)
		}
		found = &kustomization{dir: dir, file: file, text: text}
	}
	if found == nil {
		return nil, fmt.Errorf("%s has no kustomization.yaml: %w", dir, fs.ErrNotExist)
	}
	if err := boundAliases(found.text); err != nil {
		return nil, fmt.Errorf("reading %s: %w", found.file, err)
	}
	if err := found.Unmarshal(found.text); err != nil {
		return nil, fmt.Errorf("reading %s: %s", found.file, strings.TrimPrefix(err.Error(), "invalid Kustomization: "))
	}
	found.FixKustomization()
	return found, nil
}

// A use is what a kustomization is reached for.
type use struct {
	// asConfig tells that its output configures a generator or transformer.
	asConfig bool
	// namespace is that of the kustomizations above it, which charts are rendered into.
	namespace string
}

// visit follows the kustomization of a folder.
func (w *walk) visit(dir string, as use) error {
	key := fmt.Sprint(as, dir)
	if w.seen[key] {
		return nil
	}
	w.seen[key] = true
	k, err := load(w.tree, dir)
	if err != nil {
		return err
	}
	if len(k.OpenAPI) > 0 {
		w.setsSchema = true
	}
	if k.Namespace != "" {
		as.namespace = k.Namespace
	}
	if as.asConfig {
		if err := w.plainConfig(k); err != nil {
			return err
		}
	}
	if !as.asConfig { // settings are what is looked at
		if err := w.fetchRemote(k); err != nil {
			return err
		}
	}
	for _, ref := range k.Resources {
		if slices.Contains(k.fetched, ref) {
			continue
		}
		if b, ok := k.bases[ref]; ok {
			if err := w.visitBase(k, "resources", b, as); err != nil {
				return err
			}
			continue
		}
		if err := w.resource(k, "resources", ref, as); err != nil {
			return err
		}
	}
	for _, ref := range k.Components {
		if b, ok := k.bases[ref]; ok {
			if err := w.visitBase(k, "components", b, as); err != nil {
				return err
			}
			continue
		}
		if err := w.folder(k, "components", ref, as); err != nil {
			return err
		}
	}
	if err := w.chartsOf(k, as.namespace); err != nil {
		return err
	}
	if err := w.files(k); err != nil {
		return err
	}
	if w.baseOf(k.file) == nil { // nobody can look at the lines of those elsewhere
		w.patches = append(w.patches, patchesOf(w.written, k)...)
	}
	return w.plugins(k)
}

// place finds what a reference leads to, from the tree's root.
func (k *kustomization) place(field, ref string) (string, error) {
	if isRemote(ref) {
		return "", k.refuse(field, ref, "is remote, and nothing is fetched while rendering; commit a copy and name its path here%s", hint(field, ref))
	}
	if path.IsAbs(ref) {
		return "", k.refuse(field, ref, "is an absolute path; name it relative to %s", k.dir)
	}
	at := path.Join(k.dir, ref)
	if at == ".." || strings.HasPrefix(at, "../") || fetch.Folder(k.dir) != fetch.Folder(at) {
		return "", k.refuse(field, ref, "leads out of the repository")
	}
	return at, nil
}

// hint says what would have a reference fetched.
func hint(field, ref string) string {
	if field == "resources" && isRemoteFile(ref) {
		return ", or have it fetched (fetch.allow in the configuration)"
	}
	if field != "resources" && field != "components" || isRemoteFile(ref) {
		return ""
	}
	b, err := parseBase(ref)
	if err != nil {
		return fmt.Sprintf(" (%v)", err)
	}
	return fmt.Sprintf(", or have it fetched (%s in fetch.allow of the configuration)", b.repository)
}

func (w *walk) stat(k *kustomization, field, ref string) (string, fs.FileInfo, error) {
	at, err := k.place(field, ref)
	if err != nil {
		return "", nil, err
	}
	info, err := fs.Stat(w.tree, at)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, k.refuse(field, ref, "does not exist; there is no %s", at)
	}
	if err != nil {
		return "", nil, k.refuse(field, ref, "cannot be read: %v", err)
	}
	return at, info, nil
}

// resource follows a reference to a file or to a folder with a kustomization.
func (w *walk) resource(k *kustomization, field, ref string, as use) error {
	at, info, err := w.stat(k, field, ref)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return w.base(k, field, ref, at, as)
	}
	if as.asConfig {
		return w.configFile(k, field, ref, at)
	}
	if !slices.Contains(w.resources, at) {
		w.resources = append(w.resources, at)
	}
	return nil
}

func (w *walk) folder(k *kustomization, field, ref string, as use) error {
	at, info, err := w.stat(k, field, ref)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return k.refuse(field, ref, "is a file; a folder with a kustomization is needed")
	}
	return w.base(k, field, ref, at, as)
}

func (w *walk) base(k *kustomization, field, ref, at string, as use) error {
	err := w.visit(at, as)
	if err != nil && errors.Is(err, fs.ErrNotExist) {
		return k.refuse(field, ref, "is a folder without a kustomization.yaml")
	}
	return err
}

// file follows a reference to a file that kustomize reads whole.
func (w *walk) file(k *kustomization, field, ref string) error {
	_, info, err := w.stat(k, field, ref)
	if err == nil && info.IsDir() {
		return k.refuse(field, ref, "is a folder; a file is needed")
	}
	return err
}

// files follows every field that names files other than resources.
func (w *walk) files(k *kustomization) error {
	for _, f := range k.fileRefs() {
		if err := w.file(k, f.field, f.ref); err != nil {
			return err
		}
	}
	return nil
}

type fileRef struct{ field, ref string }

func (k *kustomization) fileRefs() []fileRef {
	var refs []fileRef
	add := func(field string, names ...string) {
		for _, name := range names {
			if name != "" {
				refs = append(refs, fileRef{field, name})
			}
		}
	}
	add("openapi.path", k.OpenAPI["path"])
	add("crds", k.Crds...)
	add("configurations", k.Configurations...)
	for _, p := range k.Patches {
		add("patches", p.Path)
	}
	//lint:ignore SA1019 repositories use the old fields as long as kustomize builds them
	for _, p := range k.PatchesJson6902 {
		add("patchesJson6902", p.Path)
	}
	//lint:ignore SA1019 as above
	for _, p := range k.PatchesStrategicMerge {
		if !isInline(string(p)) {
			add("patchesStrategicMerge", string(p))
		}
	}
	for _, r := range k.Replacements {
		add("replacements", r.Path)
	}
	for _, g := range k.ConfigMapGenerator {
		add("configMapGenerator", generatorFiles(g.KvPairSources)...)
	}
	for _, g := range k.SecretGenerator {
		add("secretGenerator", generatorFiles(g.KvPairSources)...)
	}
	return refs
}

// generatorFiles lists the files of a generator; "key=path" gives one a key of its own.
func generatorFiles(from types.KvPairSources) []string {
	names := append([]string{from.EnvSource}, from.EnvSources...)
	for _, f := range from.FileSources {
		if _, name, ok := strings.Cut(f, "="); ok {
			f = name
		}
		names = append(names, f)
	}
	return names
}

// isInline tells a patch or a transformer that is written in the kustomization itself from the path of one.
func isInline(ref string) bool { return strings.ContainsAny(ref, "\n{") }

package discover

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/helmfile"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// A survey is what one walk of the names has seen.
type survey struct {
	fsys    fs.FS
	folders []string            // in the order of the walk, parents first
	files   map[string][]string // YAML and JSON files of each folder, by their names

	kustomizations map[string]*kustomization // by their folders
	charts         map[string]*chart         // by their folders
	// used are the folders and files that kustomizations and charts name.
	used     map[string]bool
	problems []manifest.Diagnostic
	// links are those to whatever, followed the ones through which a kustomization names another one.
	links    []string
	followed map[string]bool
	// list is the same in sorted lists, as soon as it is asked for.
	list *listing
	// settings are those of every target.
	settings render.Settings
	// helmfiles are the files that helmfile takes, templates those with the ending .gotmpl.
	helmfiles, templates []string

	// limit is how long a piece of its own work may take, until when the one at hand; late tells that one took longer.
	limit time.Duration
	until time.Time
	late  bool
}

// begin begins a piece of work that is done in this process and grows with the tree.
func (s *survey) begin() { s.until = time.Now().Add(s.limit) }

// isLate tells whether the piece at hand has taken too long. What was found is not all then.
func (s *survey) isLate() bool {
	s.late = s.late || time.Now().After(s.until)
	return s.late
}

// tooLate is the error of a survey that has taken too long.
func (s *survey) tooLate() error {
	if !s.late {
		return nil
	}
	return sandbox.Limits{Time: s.limit}.TooLate()
}

// look walks the names below a folder, then reads the kustomizations and charts.
func look(ctx context.Context, fsys fs.FS, from string, limit time.Duration) (*survey, error) {
	s := &survey{fsys: fsys, limit: limit, files: make(map[string][]string), kustomizations: make(map[string]*kustomization),
		charts: make(map[string]*chart), used: make(map[string]bool), followed: make(map[string]bool)}
	s.begin()
	err := fs.WalkDir(fsys, from, func(name string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case s.isLate():
			return s.tooLate()
		case err != nil:
			if name == from {
				return err
			}
			s.problem(manifest.Error, name, "the folder cannot be read: "+err.Error())
			return fs.SkipDir
		}
		return s.see(name, e, name == from)
	})
	if err != nil {
		return nil, err
	}
	for _, folder := range s.folders {
		if s.isLate() {
			return nil, s.tooLate()
		}
		if k := s.kustomizations[folder]; k != nil {
			s.readKustomization(folder, k)
		}
		if c := s.charts[folder]; c != nil {
			s.readChart(folder, c)
		}
	}
	for _, name := range s.links {
		if !s.followed[name] {
			s.link(name)
		}
	}
	return s, nil
}

// notDeployed are folders that hold what tools keep or test, whatever is in them.
var notDeployed = map[string]bool{
	"node_modules": true, "testdata": true,
	".git": true, ".hg": true, ".svn": true, ".github": true, ".gitlab": true, ".gitea": true, ".forgejo": true, ".circleci": true,
	".vscode": true, ".idea": true, ".devcontainer": true, ".cache": true, ".venv": true, ".tox": true, ".terraform": true,
	".terragrunt-cache": true, ".yarn": true, ".pnpm-store": true, ".gradle": true, ".m2": true, ".cargo": true, ".husky": true,
}

func (s *survey) see(name string, e fs.DirEntry, isStart bool) error {
	base, folder := e.Name(), path.Dir(name)
	switch {
	case e.IsDir() && !isStart && notDeployed[base]:
		return fs.SkipDir
	case e.IsDir() && !isStart && strings.HasPrefix(base, "."):
		s.hidden(name)
		return fs.SkipDir
	case e.IsDir():
		s.folders = append(s.folders, name)
	case e.Type()&fs.ModeIrregular != 0:
		s.submodule(name, e)
	case e.Type()&fs.ModeSymlink != 0:
		s.links = append(s.links, name)
	case !e.Type().IsRegular():
	case isKustomizationFile(base):
		s.kustomizations[folder] = &kustomization{file: name}
	case base == chartFile:
		s.charts[folder] = new(chart)
	case isManifestFile(base):
		s.files[folder] = append(s.files[folder], base)
	case path.Ext(base) == ".gotmpl":
		s.templates = append(s.templates, name)
	}
	if helmfile.Is(name) && e.Type().IsRegular() {
		s.helmfiles = append(s.helmfiles, name)
	}
	return nil
}

// submodule names what is in another repository. Pinned to another commit it may hold other manifests; a target that
// uses them does not render anyway.
func (s *survey) submodule(name string, e fs.DirEntry) {
	pinned := ""
	if about, err := e.Info(); err == nil {
		pinned, _ = about.Sys().(string)
	}
	s.problems = append(s.problems, manifest.Diagnostic{Severity: manifest.Warning, File: name, Digest: xxhash.Sum64String(pinned),
		Message: "this is a git submodule: if it holds manifests, they are not analysed"})
}

// behind is the kustomization's folder that a name leads to, through links where there are some; the name itself if there is
// none.
func (s *survey) behind(name string) string {
	tree, hasLinks := s.fsys.(interface{ Real(string) (string, error) })
	if !hasLinks || s.kustomizations[name] != nil {
		return name
	}
	real, err := tree.Real(name)
	if err != nil || real == name || s.kustomizations[real] == nil {
		return name
	}
	for at := name; at != "."; at = path.Dir(at) {
		s.followed[at] = true
	}
	return real
}

// link names a link to a folder that nothing leads through, which is not followed: a walk that follows links may never end, and
// what it leads to is mostly found where it is.
func (s *survey) link(name string) {
	if about, err := fs.Stat(s.fsys, name); err != nil || !about.IsDir() {
		return // whoever reads through it says what is wrong with it
	}
	s.passOver(name, func([]byte, string) bool { return true },
		"this is a link to a folder, which is not followed: name it, or the folder that it leads to, as a target")
}

// hidden names a hidden folder that holds objects. Most hidden folders are tools' own, so that none is looked into for
// targets.
func (s *survey) hidden(name string) {
	s.passOver(name, func(text []byte, base string) bool {
		return isKustomizationFile(base) || base == chartFile || holdsObject(text, path.Ext(base) == ".json")
	}, "this hidden folder holds manifests and is passed over: name what is deployed of it as a target")
}

// passOver names a folder that is not looked into if any file of it matters. A change of what is in it makes that a
// warning.
func (s *survey) passOver(folder string, matters func(text []byte, base string) bool, message string) {
	sum, files, found := xxhash.New(), 0, false
	_ = fs.WalkDir(s.fsys, folder, func(at string, e fs.DirEntry, err error) error {
		if s.isLate() {
			return fs.SkipAll
		}
		if err != nil || !e.Type().IsRegular() || !isManifestFile(e.Name()) && !isKustomizationFile(e.Name()) {
			return nil
		}
		if files++; files > maxPassedOver {
			return fs.SkipAll
		}
		text, err := fs.ReadFile(s.fsys, at)
		fmt.Fprintf(sum, "%s\x00%v\x00", at, err)
		_, _ = sum.Write(text)
		found = found || matters(text, e.Name())
		return nil
	})
	if found {
		s.problems = append(s.problems, manifest.Diagnostic{Severity: manifest.Warning, File: folder, Digest: max(sum.Sum64(), 1), Message: message})
	}
}

// maxPassedOver bounds how many manifests are looked at for a folder that is passed over.
const maxPassedOver = 10_000

func (s *survey) problem(severity manifest.Severity, file, message string) {
	s.problems = append(s.problems, manifest.Diagnostic{Severity: severity, File: file, Message: message})
}

func isManifestFile(base string) bool {
	switch path.Ext(base) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// upward goes from a folder through those above it to the root.
func upward(folder string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for ; yield(folder) && folder != "."; folder = path.Dir(folder) {
		}
	}
}

// inside joins a reference to the folder that it is made from; false if it leads out of the tree or is no path.
func inside(folder, ref string) (string, bool) {
	at := path.Join(folder, ref)
	return at, fs.ValidPath(at) && !path.IsAbs(ref) && !strings.Contains(ref, "://")
}

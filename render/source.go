package render

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/fetch"
	"github.com/netpol-impact/netpol-impact/render/helm"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// A Source is a chart, or a commit of a git repository, that is fetched for a target.
type Source struct {
	// Repository is an address: of a chart repository or a registry if Chart names a chart there, else of a git repository.
	Repository string
	// Chart has a version, or the newest of a range; Revision is a git repository's commit, tag or branch.
	Chart, Version, Revision string `json:",omitempty"`
	// Named is where the tree names it, for people who look for what comes of it.
	Named manifest.Origin
}

// At names a file or a folder of the source for a target, by its path from the repository's root or that of the chart.
// The name tells the address, and with its empty element it is none that a file of a tree can have. It does not tell the
// version, so that a target that gets another one is the same target.
func (s *Source) At(name string) string {
	root := strings.TrimSuffix(s.Repository, "/") + "//"
	if s.Chart == "" && name == "." {
		return root
	}
	return root + path.Join(s.Chart, name)
}

// inside turns a name of [Source.At] into the path.
func (s *Source) inside(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, s.At("."))
	if s.Chart != "" && rest != "" && ok {
		rest, ok = strings.CutPrefix(rest, "/")
	}
	rest = path.Clean(rest)
	return rest, ok && fs.ValidPath(rest)
}

// seen is the folder in which a render sees a source.
const seen = fetch.FolderPrefix + "source"

// Fetch is a tree with the source in it, and the folder that it is in there. The error is one of [fetch.AskChart] or
// [fetch.AskCommit], or says what is wrong with what came.
func (s *Source) Fetch(fsys fs.FS) (fs.FS, string, error) {
	if s.Chart != "" {
		asked := fetch.ChartRef{Repository: s.Repository, Name: s.Chart, Version: s.Version}
		got, err := fetch.AskChart(fsys, asked)
		if err != nil {
			return nil, "", err
		}
		both, err := helm.Unpack(fsys, seen, asked, got)
		return both, seen, err
	}
	got, err := fetch.AskCommit(fsys, fetch.CommitRef{Repository: s.Repository, Ref: s.Revision})
	if err != nil {
		return nil, "", err
	}
	both := tree.Graft(fsys)
	both.Put(seen, got.Files)
	return both, seen, nil
}

// Refused says why the source is not fetched, and what would have it fetched; "" if it is.
func (s *Source) Refused(fsys fs.FS) string {
	if _, err := config.ParseSource(s.Repository); err != nil {
		return fmt.Sprintf("%s cannot be fetched from: %v", s.Repository, err)
	}
	if fetch.AskAllowed(fsys, s.Repository) != nil {
		return s.Repository + " in fetch.allow of base's configuration would have it fetched"
	}
	return ""
}

// May tells whether something may be fetched from an address.
func May(fsys fs.FS, address string) bool { return fetch.AskAllowed(fsys, address) == nil }

// FetchesNothing tells that nothing is allowed to be fetched.
func FetchesNothing(fsys fs.FS) bool {
	return errors.Is(fetch.AskAllowed(fsys, "https://example.org"), fetch.ErrOff)
}

func (s *Source) String() string {
	if s.Chart != "" {
		return strings.TrimSpace("chart "+s.Chart+" "+s.Version) + " from " + s.Repository
	}
	return strings.TrimSpace(s.Repository + " " + s.Revision)
}

// renderSource renders a target that is not in the tree. Its objects stand where the tree names it.
func renderSource(ctx context.Context, fsys fs.FS, t Target) (Output, error) {
	s := t.Source
	both, root, err := s.Fetch(fsys)
	if err != nil {
		return Output{}, fmt.Errorf("fetching %s: %w", s, err)
	}
	here := func(name string) string {
		if inside, ok := s.inside(name); ok {
			return path.Join(root, inside)
		}
		return name
	}
	t.Source, t.Path = nil, here(t.Path)
	values := t.Values
	t.Values = nil
	for _, name := range values {
		if fetch.Folder(name) != "" {
			return Output{}, fmt.Errorf("reading the value file %s: what is fetched has such names; rename its folder", name)
		}
		t.Values = append(t.Values, here(name))
	}
	out, err := renderHere(ctx, both, t, nil, nil)
	if err != nil {
		return Output{}, &sourceError{err, strings.NewReplacer(root+"/", strings.TrimSuffix(s.At("."), "/")+"/", root, s.At(".")).Replace(err.Error())}
	}
	for _, o := range out.Objects {
		o.Origin, o.Sources = s.Named, nil
		o.Body.SetLines(0)
	}
	for i := range out.Diagnostics {
		if d := &out.Diagnostics[i]; fetch.Folder(d.File) != "" {
			d.File, d.Line = s.Named.File, s.Named.Line
		}
	}
	return out, nil
}

// A sourceError names files of a source as people know them.
type sourceError struct {
	error
	text string
}

func (e *sourceError) Error() string { return e.text }
func (e *sourceError) Unwrap() error { return e.error }

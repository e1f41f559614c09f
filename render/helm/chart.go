package helm

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/ignore"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/fetch"
)

// maxChartBytes is Helm's own bound on the files of a chart.
const maxChartBytes = 100 << 20

// A chartSource is a chart's files, with those of the dependencies that are folders elsewhere in the tree put where
// `helm dependency build` would put them.
type chartSource struct {
	files []chartFile
	// aliases maps the name that a dependency goes by to its chart's name.
	aliases map[string]string
	// named are the places that ask for what was fetched, by the chart's folder with the name that a dependency goes by.
	named map[string]manifest.Origin
}

type chartFile struct {
	// name is relative to the chart, origin to the tree's root.
	name, origin string
	text         []byte
	// named is the place in the tree that asks for an archive that was fetched.
	named manifest.Origin
}

func readChart(tree fs.FS, dir string) (*chartSource, error) {
	r := chartReader{tree: tree}
	files, err := r.read(dir, nil)
	if err != nil {
		return nil, err
	}
	return &chartSource{files: files, aliases: make(map[string]string), named: make(map[string]manifest.Origin)}, nil
}

type chartReader struct {
	tree          fs.FS
	size, entries int
}

// read returns the files of the chart in dir. open are the charts that are being read, one inside another.
func (r *chartReader) read(dir string, open []string) ([]chartFile, error) {
	if slices.Contains(open, dir) {
		return nil, fmt.Errorf("reading %s: the chart depends on itself", dir)
	}
	open = append(open, dir)
	files, err := r.folder(dir)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(files, func(f chartFile) bool { return f.name == "Chart.yaml" }) {
		return nil, fmt.Errorf("reading %s: there is no Chart.yaml: %w", dir, fs.ErrNotExist)
	}
	own := files
	for _, f := range own {
		if !isChartFile(f.name) {
			continue
		}
		linked, err := r.linked(own, f, open)
		if err != nil {
			return nil, err
		}
		files = append(files, linked...)
	}
	return files, nil
}

// isChartFile matches Chart.yaml, charts/x/Chart.yaml, and so on.
func isChartFile(name string) bool {
	for {
		if name == "Chart.yaml" {
			return true
		}
		rest, ok := strings.CutPrefix(name, "charts/")
		if !ok {
			return false
		}
		if _, name, ok = strings.Cut(rest, "/"); !ok {
			return false
		}
	}
}

// linked reads the dependencies of one chart that are folders of the tree and not in its charts/.
func (r *chartReader) linked(own []chartFile, of chartFile, open []string) ([]chartFile, error) {
	var files []chartFile
	inside := strings.TrimSuffix(of.name, "Chart.yaml")
	for _, d := range dependenciesIn(of.text) {
		folder, ok := strings.CutPrefix(d.Repository, "file://")
		if !ok || isVendored(own, inside, d.Name) {
			continue
		}
		at := path.Join(path.Dir(of.origin), folder)
		if path.IsAbs(folder) || at == ".." || strings.HasPrefix(at, "../") || fetch.Folder(at) != fetch.Folder(of.origin) {
			return nil, fmt.Errorf("reading %s: the dependency %s leads out of the repository: %s", of.origin, d.Name, d.Repository)
		}
		found, err := r.read(at, open)
		if err != nil {
			return nil, fmt.Errorf("reading the dependency %s of %s: %w", d.Name, of.origin, err)
		}
		for _, f := range found {
			f.name = inside + "charts/" + d.Name + "/" + f.name
			files = append(files, f)
		}
	}
	return files, nil
}

// isVendored tells whether a chart's charts/ holds a dependency, as a folder or as an archive.
func isVendored(files []chartFile, inside, name string) bool {
	charts := inside + "charts/"
	return slices.ContainsFunc(files, func(f chartFile) bool {
		rest, ok := strings.CutPrefix(f.name, charts)
		if !ok {
			return false
		}
		folder, below, _ := strings.Cut(rest, "/")
		return below == "Chart.yaml" && (folder == name || nameIn(f.text) == name) || below == "" && isArchiveOf(folder, name)
	})
}

// isArchiveOf matches redis-18.1.0.tgz for redis, but not redis-cluster-1.0.0.tgz.
func isArchiveOf(file, name string) bool {
	version, ok := strings.CutPrefix(file, name+"-")
	version, isArchive := strings.CutSuffix(version, ".tgz")
	version = strings.TrimPrefix(version, "v")
	return ok && isArchive && version != "" && version[0] >= '0' && version[0] <= '9'
}

// folder reads a chart's own files, without those that its .helmignore leaves out.
func (r *chartReader) folder(dir string) ([]chartFile, error) {
	rules := ignore.Empty()
	text, err := fs.ReadFile(r.tree, path.Join(dir, ignore.HelmIgnore))
	if err == nil {
		rules, err = ignore.Parse(bytes.NewReader(text))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading %s: %w", path.Join(dir, ignore.HelmIgnore), err)
	}
	rules.AddDefaults()
	var files []chartFile
	err = r.walk(dir, 0, func(origin string, info fs.FileInfo) error {
		name := origin
		if dir != "." {
			name = strings.TrimPrefix(origin, dir+"/")
		}
		switch {
		case rules.Ignore(name, info) && info.IsDir():
			return fs.SkipDir
		case rules.Ignore(name, info) || info.IsDir():
			return nil
		}
		if r.size += int(info.Size()); r.size > maxChartBytes {
			return fmt.Errorf("the chart's files are larger than %d bytes", maxChartBytes)
		}
		text, err := fs.ReadFile(r.tree, origin)
		files = append(files, chartFile{name: name, origin: origin, text: bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", dir, err)
	}
	return files, nil
}

// The bounds of a walk. What a link leads to is at another path each time that it leads in a circle.
const (
	maxEntries = 50_000 // of all charts that are read together
	maxLinks   = 8      // to folders, one below the other
)

// walk visits what is below a folder and follows links to folders, as Helm does. links are those on the way.
func (r *chartReader) walk(dir string, links int, visit func(origin string, info fs.FileInfo) error) error {
	entries, err := fs.ReadDir(r.tree, dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		origin, below := path.Join(dir, e.Name()), links
		if r.entries++; r.entries > maxEntries {
			return fmt.Errorf("the chart has more than %d files and folders", maxEntries)
		}
		info, err := fs.Stat(r.tree, origin)
		if err != nil {
			return err
		}
		switch err := visit(origin, info); {
		case err == fs.SkipDir:
			continue
		case err != nil:
			return err
		case !info.IsDir():
			continue
		}
		if e.Type()&fs.ModeSymlink != 0 {
			if below++; below > maxLinks {
				return fmt.Errorf("the link %s is below %d others: they lead in a circle", origin, maxLinks)
			}
		}
		if err := r.walk(origin, below, visit); err != nil {
			return err
		}
	}
	return nil
}

// buffered is what Helm's loader takes. It gets copies, because it renames the files of subcharts.
func (s *chartSource) buffered() []*archive.BufferedFile {
	files := make([]*archive.BufferedFile, len(s.files))
	for i, f := range s.files {
		files[i] = &archive.BufferedFile{Name: f.name, Data: f.text}
	}
	return files
}

package helm

import (
	"bytes"
	"fmt"
	"io/fs"

	"helm.sh/helm/v4/pkg/chart/loader/archive"

	chart "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/netpol-impact/netpol-impact/render/fetch"
	"github.com/netpol-impact/netpol-impact/render/tree"
)

// Unpack is a tree with a fetched chart in the folder at, as `helm pull --untar` would leave it there. An archive that
// holds another chart than was asked for is an error.
func Unpack(below fs.FS, at string, asked fetch.ChartRef, got fetch.Chart) (fs.FS, error) {
	m := missing{Dependency: chart.Dependency{Name: asked.Name, Version: asked.Version}}
	if err := m.is(got); err != nil {
		return nil, err
	}
	files, err := Packed(got.Archive)
	if err != nil {
		return nil, fmt.Errorf("reading what came: %w", err)
	}
	grafted := tree.Graft(below)
	grafted.Put(at, tree.Memory(files))
	return grafted, nil
}

// Packed is the files of a packed chart by their paths within it. Helm's bounds on the size of an archive and its files hold.
func Packed(text []byte) (map[string][]byte, error) {
	packed, err := archive.LoadArchiveFiles(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte, len(packed))
	for _, f := range packed {
		files[f.Name] = f.Data
	}
	return files, nil
}

// PackedName is the name of a chart by that of its archive: redis of redis-18.1.0.tgz; "" if the file is none.
func PackedName(file string) string {
	for i := range file {
		if file[i] == '-' && isArchiveOf(file, file[:i]) {
			return file[:i]
		}
	}
	return ""
}

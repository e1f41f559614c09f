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
	packed, err := archive.LoadArchiveFiles(bytes.NewReader(got.Archive))
	if err != nil {
		return nil, fmt.Errorf("reading what came: %w", err)
	}
	files := make(map[string][]byte)
	for _, f := range packed {
		files[f.Name] = f.Data
	}
	grafted := tree.Graft(below)
	grafted.Put(at, tree.Memory(files))
	return grafted, nil
}

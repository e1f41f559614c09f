package plain

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/gobwas/glob"
)

// A Filter says which files of a folder are read, as Argo CD's directory settings do. The zero value leaves all.
type Filter struct {
	// Flat leaves out the subfolders.
	Flat bool
	// Include and Exclude are patterns of paths below the folder: "*.yaml", "{a,b}/**". Exclude wins.
	Include, Exclude string
	// Whole takes in hidden folders and those of charts as well, and leaves out files in which the mark of Argo CD stands by
	// which it does.
	Whole bool `json:",omitempty"`
}

// leftOut is Argo CD's mark of a file that is none of its manifests:
// https://argo-cd.readthedocs.io/en/stable/user-guide/directory/#skipping-file-rendering
var leftOut = []byte("+argocd:skip-file-rendering")

func (f Filter) apply(at string, files []string) ([]string, error) {
	include, err := glob.Compile(f.Include)
	if err != nil {
		return nil, fmt.Errorf("reading the include pattern %q: %w", f.Include, err)
	}
	exclude, err := glob.Compile(f.Exclude)
	if err != nil {
		return nil, fmt.Errorf("reading the exclude pattern %q: %w", f.Exclude, err)
	}
	return slices.DeleteFunc(files, func(file string) bool {
		if file == at {
			return false
		}
		name := file
		if at != "." {
			name = strings.TrimPrefix(file, path.Clean(at)+"/")
		}
		return f.Flat && strings.Contains(name, "/") || f.Include != "" && !include.Match(name) || f.Exclude != "" && exclude.Match(name)
	}), nil
}

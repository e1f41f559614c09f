package tree

import (
	"os"
	"path"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
)

// ignored answers which untracked files git ignores, by .gitignore files and info/exclude. What a user ignores
// everywhere (core.excludesFile) is not looked at.
type ignored struct {
	disk diskFolder
	mu   sync.Mutex
	// patterns holds, for each folder, its own and those of the folders above, in rising order of priority.
	patterns map[string][]gitignore.Pattern
}

func newIgnored(disk diskFolder, excludeFile string) *ignored {
	text, _ := os.ReadFile(excludeFile) // most often there is none
	base := parseIgnore(string(text), nil)
	if own, err := disk.read(".gitignore", entry{}); err == nil {
		base = append(base, parseIgnore(string(own), nil)...)
	}
	return &ignored{disk: disk, patterns: map[string][]gitignore.Pattern{".": base}}
}

// match tells whether git ignores an untracked path whose parents it does not ignore.
func (g *ignored) match(name string, isFolder bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	patterns := g.of(path.Dir(name))
	return len(patterns) > 0 && gitignore.NewMatcher(patterns).Match(strings.Split(name, "/"), isFolder)
}

func (g *ignored) of(dir string) []gitignore.Pattern {
	if known, ok := g.patterns[dir]; ok {
		return known
	}
	patterns := g.of(path.Dir(dir))
	if text, err := g.disk.read(path.Join(dir, ".gitignore"), entry{}); err == nil {
		own := parseIgnore(string(text), strings.Split(dir, "/"))
		patterns = append(patterns[:len(patterns):len(patterns)], own...)
	}
	g.patterns[dir] = patterns
	return patterns
}

func parseIgnore(text string, folder []string) []gitignore.Pattern {
	var patterns []gitignore.Pattern
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) != "" && line[0] != '#' {
			patterns = append(patterns, gitignore.ParsePattern(line, folder))
		}
	}
	return patterns
}

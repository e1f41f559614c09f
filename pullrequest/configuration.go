package pullrequest

import (
	"context"
	"path"

	"github.com/netpol-impact/netpol-impact/config"
)

// configuration is base's, for what of it is about the pull request. One that cannot be read has stopped the comparison
// already, and allows nothing here.
func (j *job) configuration(ctx context.Context, repo texts, base string) config.Config {
	files := config.Files
	if j.in.config != "" {
		files = []string{path.Join(j.in.directory, j.in.config), path.Clean(j.in.config)}
	}
	for _, file := range files {
		blobs, err := repo.Blobs(ctx, base, file)
		if err != nil || blobs[file] == "" {
			continue
		}
		text, err := repo.Text(ctx, blobs[file])
		if err != nil {
			return config.Config{}
		}
		c, err := config.Read(file, []byte(text))
		if err != nil {
			return config.Config{}
		}
		return c
	}
	return config.Config{}
}

package pullrequest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-github/v60/github"
)

// maxSARIF is how large an upload may be, packed
// (docs.github.com/code-security/code-scanning/troubleshooting-sarif-uploads/file-too-large).
const maxSARIF = 10 << 20

// upload gives the written SARIF report to code scanning. On a pull request it is about the merge commit, or the branch's
// tip, whichever was analysed.
func (j *job) upload(ctx context.Context, c comparison) {
	if err := j.uploadSARIF(ctx, c); err != nil {
		j.warn(fmt.Sprintf("the SARIF report was not uploaded: %v (it needs the permission security-events: write)", err))
	}
}

func (j *job) uploadSARIF(ctx context.Context, c comparison) error {
	file := j.in.sarif
	if !filepath.IsAbs(file) {
		file = filepath.Join(j.dir, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(text); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	if packed.Len() > maxSARIF {
		return fmt.Errorf("it has %d bytes packed, and %d are allowed", packed.Len(), maxSARIF)
	}
	analysis := &github.SarifAnalysis{
		CommitSHA: github.String(c.head), Ref: github.String(j.env.ref), ToolName: github.String("netpol-impact"),
		Sarif: github.String(base64.StdEncoding.EncodeToString(packed.Bytes())),
	}
	return retry(ctx, j.options.clock, func(ctx context.Context) error {
		api, err := j.service().client()
		if err != nil {
			return err
		}
		_, _, err = api.CodeScanning.UploadSarif(ctx, j.env.owner, j.env.repository, analysis)
		return accepted(err)
	})
}

// accepted takes "202 Accepted", which go-github makes an error of, for what it is.
func accepted(err error) error {
	var taken *github.AcceptedError
	if errors.As(err, &taken) {
		return nil
	}
	return err
}

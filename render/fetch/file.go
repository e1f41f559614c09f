package fetch

import (
	"context"
	"net/url"
	"path"
)

// maxFile bounds a file, in bytes.
const maxFile = 16 << 20

// file fetches a file by its address.
func (f *Fetcher) file(ctx context.Context, address string) ([]byte, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return fetchOnce(ctx, f, "file "+address, func() ([]byte, error) {
		got, err := f.get(ctx, request{address: at, most: maxFile})
		if err != nil {
			return nil, err
		}
		f.tell(Fetched{Name: "file " + path.Base(at.Path), From: shown(at), Digest: "sha256:" + digestOf(got.text)})
		return got.text, nil
	})
}

package fetch

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/netpol-impact/netpol-impact/config"
)

// FolderPrefix begins the names of the folders at the root in which a render sees trees that were fetched.
const FolderPrefix = "netpol-impact-fetched-"

// Folder is the folder of a fetched tree that a path is in; empty if it is in none. No path of another tree leads into
// one, nor out of one.
func Folder(name string) string {
	first, _, _ := strings.Cut(name, "/")
	if strings.HasPrefix(first, FolderPrefix) {
		return first
	}
	return ""
}

// AskAllowed tells whether something may be fetched from an address, without asking it: nil if it may, else [ErrOff], a
// refusal ([IsRefusal]), or what is wrong with the address.
func AskAllowed(tree fs.FS, address string) error {
	_, err := askTree(tree, allowedPrefix, map[string][]string{"address": {address}})
	return err
}

// mayAsk is the answer to [AskAllowed].
func (f *Fetcher) mayAsk(address string) error {
	source, err := config.ParseSource(address)
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	if !f.allowed(source) && (source.Scheme == "oci" || !f.allowed(otherName(source))) {
		return &notAllowedError{address}
	}
	return nil
}

package kustomize

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/resource"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render/fetch"
	"github.com/netpol-impact/netpol-impact/render/helm"
)

// fetchRemote fetches the resources and components that are elsewhere, as far as that is allowed, and has kustomize see them
// as its own. What may not be fetched stays for [kustomization.place] to refuse.
func (w *walk) fetchRemote(k *kustomization) error {
	if err := w.fetchFiles(k); err != nil {
		return err
	}
	if err := w.fetchBases(k, "resources", k.Resources); err != nil {
		return err
	}
	return w.fetchBases(k, "components", k.Components)
}

// fetchFiles fetches the resources that are files elsewhere, which kustomize sees as files beside the kustomization.
func (w *walk) fetchFiles(k *kustomization) error {
	for i, ref := range k.Resources {
		if !isRemoteFile(ref) {
			continue
		}
		text, err := fetch.AskFile(w.tree, ref)
		switch {
		case errors.Is(err, fetch.ErrOff), fetch.IsRefusal(err, ref):
			continue
		case err != nil:
			return k.refuse("resources", ref, "could not be fetched: %v", err)
		}
		if err := readable(text); err != nil {
			return k.refuse("resources", ref, "cannot be read: %v", err)
		}
		name := fmt.Sprintf(fetch.FolderPrefix+"%x%s", sha256.Sum256([]byte(ref)), path.Ext(ref))
		at := path.Join(k.dir, name)
		w.instead[at] = text
		w.charts[at] = chartOrigin{Origin: w.at(k, ref), generator: resource.Origin{Path: ref}}
		k.Resources[i], k.fetched = name, append(k.fetched, name)
	}
	return nil
}

// readable tells what is wrong with a file that came: kustomize would tell it by a name that nobody knows.
func readable(text []byte) error {
	if err := boundAliases(text); err != nil {
		return err
	}
	for doc := range manifest.Documents(text) {
		var root yaml.Node
		if err := yaml.Unmarshal(doc.Text, &root); err != nil {
			return fmt.Errorf("the document on line %d: %w", doc.Line, err)
		}
	}
	return nil
}

// fetchChart fetches a chart that is not at its place, and returns a tree that has it there. Not to be allowed to is no
// error: the tree is nil.
func (w *walk) fetchChart(k *kustomization, c chart, at string) (fs.FS, error) {
	if c.Repo == "" {
		return nil, nil
	}
	asked := fetch.ChartRef{Repository: c.Repo, Name: c.Name, Version: c.Version}
	got, err := fetch.AskChart(w.tree, asked)
	switch {
	case errors.Is(err, fetch.ErrOff), fetch.IsRefusal(err, c.Repo):
		return nil, nil
	case err == nil:
		var tree fs.FS
		if tree, err = helm.Unpack(w.tree, at, asked, got); err == nil {
			return tree, nil
		}
	}
	return nil, k.refuse(c.field, c.Name, "could not be fetched from %s: %v", c.Repo, err)
}

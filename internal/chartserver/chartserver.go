// Package chartserver serves charts to tests, as a chart repository and as a registry, and files as they are: over HTTP, on
// loopback.
package chartserver

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync/atomic"

	"sigs.k8s.io/yaml"
)

// A Server serves a tree: every folder with a Chart.yaml packed, in the repository at Repository and in the registry at
// Registry, and every file by its path. The caller closes it.
type Server struct {
	*httptest.Server
	asked atomic.Int32
	tree  fs.FS
	files map[string][]byte
}

// New starts a server.
func New(tree fs.FS) (*Server, error) {
	s := &Server{tree: tree, files: make(map[string][]byte)}
	entries := make(map[string][]map[string]any)
	err := fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || path.Base(name) != "Chart.yaml" || strings.Contains(name, "/charts/") {
			return err
		}
		archive, about, err := Pack(tree, path.Dir(name))
		if err != nil {
			return err
		}
		file := fmt.Sprintf("%s-%s.tgz", about.Name, about.Version)
		s.files["/stable/"+file] = archive
		entries[about.Name] = append(entries[about.Name], map[string]any{
			"apiVersion": "v2", "name": about.Name, "version": about.Version, "urls": []string{file}, "digest": digest(archive),
		})
		s.addToRegistry(about, archive)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s.files["/stable/index.yaml"], err = yaml.Marshal(map[string]any{"apiVersion": "v1", "entries": entries}); err != nil {
		return nil, err
	}
	s.Server = httptest.NewServer(s)
	return s, nil
}

// Repository is the address of the chart repository, Registry that of the charts in the registry.
func (s *Server) Repository() string { return s.URL + "/stable" }
func (s *Server) Registry() string {
	return "oci://" + strings.TrimPrefix(s.URL, "http://") + "/charts"
}

// Asked returns how many requests came since it was last called.
func (s *Server) Asked() int { return int(s.asked.Swap(0)) }

// Set serves a text at a path.
func (s *Server) Set(name string, text []byte) { s.files[name] = text }

// File returns what is served at a path.
func (s *Server) File(name string) []byte { return s.files[name] }

func (s *Server) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	s.asked.Add(1)
	text, ok := s.files[q.URL.Path]
	if !ok {
		var err error
		if text, err = fs.ReadFile(s.tree, strings.TrimPrefix(q.URL.Path, "/")); err != nil {
			http.NotFound(w, q)
			return
		}
	}
	if strings.Contains(q.URL.Path, "/manifests/") {
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		w.Header().Set("Docker-Content-Digest", "sha256:"+digest(text))
	}
	_, _ = w.Write(text) // who asked may be gone
}

// About is what a chart is.
type About struct{ Name, Version string }

// addToRegistry adds what a registry has of a chart.
func (s *Server) addToRegistry(about About, archive []byte) {
	of := "/v2/charts/" + about.Name + "/"
	config, _ := json.Marshal(about)
	manifest, _ := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": map[string]any{"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "sha256:" + digest(config), "size": len(config)},
		"layers": []any{map[string]any{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": "sha256:" + digest(archive), "size": len(archive)}},
	})
	var list struct {
		Name string   `json:"name"`
		Tags []string `json:"tags"`
	}
	_ = json.Unmarshal(s.files[of+"tags/list"], &list)
	list.Name, list.Tags = "charts/"+about.Name, append(list.Tags, about.Version)
	s.files[of+"tags/list"], _ = json.Marshal(list)
	s.files[of+"manifests/"+about.Version], s.files[of+"manifests/sha256:"+digest(manifest)] = manifest, manifest
	s.files[of+"blobs/sha256:"+digest(archive)], s.files[of+"blobs/sha256:"+digest(config)] = archive, config
}

func digest(text []byte) string { return fmt.Sprintf("%x", sha256.Sum256(text)) }

// Pack packs the chart in a folder as `helm package` does.
func Pack(tree fs.FS, dir string) ([]byte, About, error) {
	var about About
	text, err := fs.ReadFile(tree, path.Join(dir, "Chart.yaml"))
	if err == nil {
		err = yaml.Unmarshal(text, &about)
	}
	if err != nil {
		return nil, about, err
	}
	files := make(map[string][]byte)
	var names []string
	err = fs.WalkDir(tree, dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		inside := path.Join(about.Name, strings.TrimPrefix(name, strings.TrimSuffix(dir, ".")))
		names = append(names, inside)
		files[inside], err = fs.ReadFile(tree, name)
		return err
	})
	if err != nil {
		return nil, about, err
	}
	archive, err := Archive(names, files)
	return archive, about, err
}

// Archive packs files, whatever their names.
func Archive(names []string, files map[string][]byte) ([]byte, error) {
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	w := tar.NewWriter(zipped)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	err := zipped.Close()
	return packed.Bytes(), err
}

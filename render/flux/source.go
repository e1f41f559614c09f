package flux

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
)

// sourceGroup is the API group of the objects that say where charts and folders come from.
const sourceGroup = "source.toolkit.fluxcd.io"

var sourceKinds = map[string]bool{"GitRepository": true, "HelmRepository": true, "OCIRepository": true, "HelmChart": true}

// sourceSpec is what matters here of https://fluxcd.io/flux/components/source/.
type sourceSpec struct {
	URL  string `json:"url"`
	Type string `json:"type"`
	Ref  struct {
		Branch string `json:"branch"`
		Tag    string `json:"tag"`
		Semver string `json:"semver"`
		Name   string `json:"name"`
		Commit string `json:"commit"`
		Digest string `json:"digest"`
	} `json:"ref"`
	chartSpec
}

// find looks for a source that is deployed beside the object.
func (x *expansion) find(ref reference) (o *manifest.Object, spec sourceSpec, why string) {
	o = x.beside(ref.Kind, cmp.Or(ref.Namespace, x.object.Namespace), ref.Name)
	switch {
	case !sourceKinds[ref.Kind]:
		return nil, spec, "that kind of source is not fetched"
	case o == nil && render.FetchesNothing(x.fsys): // then it was not looked for everywhere
		return nil, spec, "its address in fetch.allow of base's configuration would have it fetched"
	case o == nil:
		return nil, spec, "that source is not found in this repository"
	}
	if err := json.Unmarshal(o.Body.Get("spec").AppendJSON(nil), &spec); err != nil {
		return nil, spec, fmt.Sprintf("%s cannot be read: %v", o, err)
	}
	return o, spec, ""
}

// taken says where a source is taken from: its address, revision and what it leaves out, as they are written. It is "" where
// the source is not known.
func (x *expansion) taken(ref reference) string {
	o := x.beside(ref.Kind, cmp.Or(ref.Namespace, x.object.Namespace), ref.Name)
	if o == nil || ref.Kind == "HelmRepository" { // charts of that kind are vendored here
		return ""
	}
	words := []string{fmt.Sprintf("%s %s", ref.Kind, o.Body.Get("spec", "url").Str())}
	for _, field := range []string{"ref", "ignore", "include", "sparseCheckout"} {
		if n := o.Body.Get("spec", field); n != nil {
			words = append(words, fmt.Sprintf("%s %s", field, n.AppendJSON(nil)))
		}
	}
	return strings.Join(words, ", ")
}

// address is that of a git repository; "" if it is not known.
func (x *expansion) address(ref reference) string {
	o := x.beside(ref.Kind, cmp.Or(ref.Namespace, x.object.Namespace), ref.Name)
	if o == nil || ref.Kind != "GitRepository" {
		return ""
	}
	return o.Body.Get("spec", "url").Str()
}

// allowed is a source unless it may not be fetched from; why says so.
func (x *expansion) allowed(s *render.Source) (_ *render.Source, why string) {
	if why := s.Refused(x.fsys); why != "" {
		return nil, why
	}
	return s, ""
}

// repository finds the git repository that a reference names, and the commit.
func (x *expansion) repository(ref reference) (_ *render.Source, why string) {
	if ref.Kind != "GitRepository" {
		return nil, "only folders of a GitRepository can be fetched"
	}
	o, spec, why := x.find(ref)
	if why != "" {
		return nil, why
	}
	r := spec.Ref
	if r.Commit == "" && r.Name == "" && r.Semver != "" {
		return nil, "a range of versions (ref.semver) of git tags is not supported"
	}
	for _, field := range []string{"ignore", "include"} {
		if o.Body.Get("spec", field) != nil {
			x.tell(manifest.Warning, "%s has %s, which is not followed: all that is in the repository counts", o, field)
		}
	}
	s := &render.Source{Repository: spec.URL, Revision: cmp.Or(r.Commit, r.Name, r.Tag, r.Branch, "master"), Named: namedAt(o, "ref", "url")}
	return x.allowed(s)
}

// tellHere tells where a path is taken to be this repository's though its source may be fetched: it may be another one.
func (x *expansion) tellHere(ref reference, name string) {
	if ref.Name == bootstrap {
		return
	}
	if source, why := x.repository(ref); why == "" {
		x.tell(manifest.Warning, "it deploys %s of %s %s (%s), which may be fetched; it is analysed as it is here, because this repository has that path: if the source is another one, name another path",
			name, ref.Kind, ref.Name, source.Repository)
	}
}

// fetchedChart finds the source of a chart that is not in this repository.
func (x *expansion) fetchedChart(c chartSpec) (_ *render.Source, why string) {
	if c.SourceRef.Kind == "GitRepository" {
		return x.repository(c.SourceRef)
	}
	if c.SourceRef.Kind != "HelmRepository" {
		return nil, "charts of this kind of source are not fetched"
	}
	_, spec, why := x.find(c.SourceRef)
	if why != "" {
		return nil, why
	}
	if spec.Type == "oci" && !strings.HasPrefix(spec.URL, "oci://") {
		return nil, "its source is of type oci and has another address: " + spec.URL
	}
	at := x.object.Origin
	if chart := x.object.Body.Get("spec", "chart", "spec"); chart != nil {
		at = x.object.At(chart.Get("chart"))
		if version := chart.Get("version"); version != nil {
			at = x.object.At(version)
		}
	}
	return x.allowed(&render.Source{Repository: spec.URL, Chart: c.Chart, Version: c.Version, Named: at})
}

// artifact finds the chart that an OCIRepository is.
func (x *expansion) artifact(ref reference) (_ *render.Source, why string) {
	o, spec, why := x.find(ref)
	if why != "" {
		return nil, why
	}
	at, ok := strings.CutPrefix(spec.URL, "oci://")
	dir, name := path.Split(strings.TrimSuffix(at, "/"))
	switch {
	case !ok || dir == "" || name == "":
		return nil, "its source has no address of a registry: " + spec.URL
	case spec.Ref.Digest != "":
		return nil, "a digest (ref.digest) is not supported"
	}
	return x.allowed(&render.Source{Repository: "oci://" + strings.TrimSuffix(dir, "/"), Chart: name,
		Version: cmp.Or(spec.Ref.Semver, spec.Ref.Tag), Named: namedAt(o, "ref", "url")})
}

// namedAt is the line of the first of some fields of an object's spec.
func namedAt(o *manifest.Object, fields ...string) manifest.Origin {
	for _, field := range fields {
		if n := o.Body.Get("spec", field); n != nil {
			return o.At(n)
		}
	}
	return o.Origin
}

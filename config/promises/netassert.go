package promises

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/netpol-impact/netpol-impact/config"
)

// maxCount bounds netassert's numbers that have no bound of their own.
const maxCount = 1 << 31

// readNetassert reads the tests of netassert v2 (github.com/controlplaneio/netassert): a list in which each has a source, a
// destination and a port, and an exit code of 0 where the connection must be made. What it refuses is refused here.
func readNetassert(file string, text []byte) ([]config.Promise, []error) {
	var out []config.Promise
	var problems []error
	names := make(map[string]int)
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			if len(out)+len(problems) == 0 {
				problems = append(problems, fmt.Errorf("%s: line 1: the list of tests is empty", file))
			}
			return out, problems
		}
		if err != nil {
			return out, append(problems, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: ")))
		}
		if document.Content[0].Kind != yaml.SequenceNode {
			return out, append(problems, fmt.Errorf("%s: line %d: this is no list of netassert's tests", file, document.Content[0].Line))
		}
		for _, n := range document.Content[0].Content {
			before := len(problems)
			p := netassertTest(file, n, &problems)
			if line, twice := names[p.Name]; twice && p.Name != "" {
				problems = append(problems, fmt.Errorf("%s: line %d: there is another test %q in line %d; give each a name of its own", file, n.Line, p.Name, line))
			}
			names[p.Name] = n.Line
			if len(problems) == before {
				out = append(out, p)
			}
		}
	}
}

// netassertTest reads one test.
func netassertTest(file string, n *yaml.Node, problems *[]error) config.Promise {
	p := config.Promise{Origin: file, Line: n.Line, Expect: config.Denied}
	f, ok := fieldsOf(file, "a test of netassert", n, false, problems,
		"name", "type", "protocol", "targetPort", "timeoutSeconds", "attempts", "exitCode", "src", "dst")
	if !ok {
		return p
	}
	if p.Name = f.need("name"); p.Name != "" {
		f.what = fmt.Sprintf("the test %q", p.Name)
	}
	if kind := f.need("type"); kind != "" && kind != "k8s" {
		f.wrong(f.get("type"), "%s: type is %q, not k8s", f.what, kind)
	}
	protocol := f.text("protocol")
	if !slices.Contains([]string{"", "tcp", "udp"}, protocol) {
		f.wrong(f.get("protocol"), "%s: protocol is %q, neither tcp nor udp", f.what, protocol)
	}
	if protocol == "" {
		protocol = "tcp"
	}
	if f.get("targetPort") == nil {
		f.wrong(nil, "%s needs targetPort", f.what)
	}
	if port := f.number("targetPort", 1, 65535, 0); port > 0 {
		p.Ports = config.Words{protocol + "/" + strconv.Itoa(port)}
	}
	f.number("timeoutSeconds", 1, maxCount, 1)
	f.number("attempts", 1, maxCount, 1)
	if f.number("exitCode", 0, 255, 0) == 0 {
		p.Expect = config.Allowed
	}
	p.From = f.source()
	p.To = f.destination(protocol)
	return p
}

// source is the test's source, which can only be a resource: netassert connects from a container that it adds to a pod.
func (f *fields) source() config.Ends {
	src, ok := fieldsOf(f.file, "src of "+f.what, f.get("src"), false, f.errors, "k8sResource", "host")
	if !ok {
		return nil
	}
	if host := src.get("host"); host != nil {
		src.wrong(host, "%s: a host cannot be the source; name a k8sResource", src.what)
		return nil
	}
	return src.resource()
}

// destination is a resource or, by TCP, a host.
func (f *fields) destination(protocol string) config.Ends {
	dst, ok := fieldsOf(f.file, "dst of "+f.what, f.get("dst"), false, f.errors, "k8sResource", "host")
	if !ok {
		return nil
	}
	host := dst.get("host")
	switch {
	case host != nil && dst.get("k8sResource") != nil:
		dst.wrong(host, "%s has a k8sResource and a host; give one of them", dst.what)
		return nil
	case host == nil && dst.get("k8sResource") == nil:
		dst.wrong(nil, "%s needs a k8sResource or a host", dst.what)
		return nil
	case host == nil:
		return dst.resource()
	case protocol == "udp":
		dst.wrong(host, "%s: a host can be the destination of tcp only", dst.what)
		return nil
	}
	h, ok := fieldsOf(f.file, "host in "+dst.what, host, false, f.errors, "name")
	if !ok {
		return nil
	}
	name := h.need("name")
	if ip, err := netip.ParseAddr(name); err == nil {
		return config.Ends{{CIDR: config.Words{ip.Unmap().String()}}}
	}
	return config.Ends{{Domain: config.Words{name}}}
}

// kinds are the resources that netassert knows.
var kinds = []string{"deployment", "statefulset", "daemonset", "pod"}

func (f *fields) resource() config.Ends {
	n := f.get("k8sResource")
	if n == nil {
		f.wrong(nil, "%s needs a k8sResource", f.what)
		return nil
	}
	r, ok := fieldsOf(f.file, "k8sResource in "+f.what, n, false, f.errors, "kind", "name", "namespace")
	if !ok {
		return nil
	}
	kind, name, namespace := r.need("kind"), r.need("name"), r.need("namespace")
	if kind != "" && !slices.Contains(kinds, kind) {
		r.wrong(r.get("kind"), "%s: kind is %q, none of %s", r.what, kind, strings.Join(kinds, ", "))
	}
	if strings.ContainsAny(name+namespace, "/*?[\\") {
		r.wrong(n, "%s: %q in %q is no name of an object", r.what, name, namespace)
	}
	return config.Ends{{Workload: config.Words{kind + "/" + namespace + "/" + name}}}
}

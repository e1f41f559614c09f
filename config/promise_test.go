package config

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestAMistakeInAPromiseIsToldWithItsLine(t *testing.T) {
	const rest = "- {name: n, expect: allowed, from: a/b, to: c/d, "
	for text, want := range map[string]string{
		"":                                        "f: the file is empty; it needs promises",
		"promises: 1\n":                           "f: line 1: promises is no list of promises",
		"promise: []\n":                           `f: line 1: there is "promise"; a file of promises has one key, promises`,
		"- a\n":                                   "f: line 1: a file of promises is a mapping with the key promises",
		"promises:\n- a\n":                        "f: line 2: a promise is a mapping with name, expect, from and to",
		"promises:\n- {name: n}\n":                `f: line 2: the promise "n": "" is neither allowed nor denied`,
		"promises:\n- {nam: n}\n":                 `f: line 2: there is no setting "nam"; did you mean name?`,
		"promises:\n- {expect: denied}":           "f: line 2: a promise needs a name that says what is promised",
		"promises:\n- {file: a.yaml}\n":           "f: line 2: file is for the configuration: a file of promises cannot name another one",
		"promises: [{name: n}]\n---\na:":          "f: line 2: there is more than one document; keep all promises in the first",
		"promises:\n" + rest + "ports: [x y]}\n":  `f: line 2: the promise "n": "x y" is no port: write 443, 8000-8080, http, udp/53 or tcp/*`,
		"promises:\n" + rest + "ports: 70000}\n":  `f: line 2: the promise "n": "70000" is no port between 1 and 65535, nor a range of them`,
		"promises:\n" + rest + "ports: icmp/8}\n": `f: line 2: the promise "n": "icmp/8": "icmp" is none of tcp, udp, sctp`,
		"promises:\n" + rest + "steps: any}\n":    `f: line 2: the promise "n": paths through other workloads can only be denied`,
		"promises:\n- name: n\n  expect: denied\n  from: internt\n  to: a/b\n":                                       `f: line 4: "internt" is none of any, workloads, internet, dns, and no workload such as shop/web; did you mean internet?`,
		"promises:\n- name: n\n  expect: denied\n  from: any\n  to: {namespac: a}\n":                                 `f: line 5: there is no setting "namespac"; did you mean namespace?`,
		"promises:\n- name: n\n  expect: denied\n  from: any\n  to: {namespace: a, cidr: 10.0.0.0/8}\n":              "f: line 5: an end of a promise is one of workload, service, cidr",
		"promises:\n- name: n\n  expect: denied\n  from: {except: a/b}\n  to: a/b\n":                                 "f: line 4: except needs what it is taken from: add any: true",
		"promises:\n- name: n\n  expect: denied\n  from: {any: true, except: {any: true, except: a/b}}\n  to: a/b\n": "f: line 4: except may not have an except itself",
		"promises:\n- name: n\n  expect: denied\n  from: any\n  to: {selector: 'a in'}\n":                            `f: line 5: "a in" is no label selector`,
		"promises:\n- name: n\n  expect: denied\n  from: any\n  to: {selector: 'a>1'}\n":                             `"a>1" compares numbers, which policies cannot`,
		"promises:\n- name: n\n  expect: denied\n  from: any\n  to: {cidr: 10.0.0/8}\n":                              `"10.0.0/8" is no block of addresses such as 10.0.0.0/8`,
		"promises:\n- name: n\n  expect: denied\n  from: {domain: example.org}\n  to: a/b\n":                         "a domain name cannot connect",
		"promises:\n- name: n\n  expect: denied\n  from: any\n  to: {workload: web}\n":                               `"web" is no workload such as shop/web`,
		"promises:\n- &x {name: n, expect: denied, from: any, to: a/b}\n- *x\n":                                      `there is another promise "n" in line 2`,
		"promises:\n- name: n\n  expect: denied\n  to: a/b\n":                                                        `the promise "n": a promise needs from: who connects`,
		"promises:\n- {name: n, expect: denied, from: any, to: a/b, ports: {a: b}}\n":                                "f: line 2: a word or a list of words is wanted",
	} {
		_, problems := ReadPromises("f", []byte(text))
		if len(problems) != 1 || !strings.Contains(problems[0].Error(), want) {
			t.Errorf("%q: got %v, want %s", text, problems, want)
		}
		if err := meetsSchema(t, text); err == nil && !schemaCannotTell(want) {
			t.Errorf("%q meets the schema", text)
		}
	}
}

// schemaCannotTell are mistakes that the schema does not know.
func schemaCannotTell(mistake string) bool {
	for _, part := range []string{"more than one document", "no port", "icmp", "paths through", "one of workload", "except", "selector", "compares", "block of addresses", "domain name", "no workload such", "another promise"} {
		if strings.Contains(mistake, part) {
			return true
		}
	}
	return false
}

// TestOneWrongPromiseLeavesTheOthers reads what is right of a file.
func TestOneWrongPromiseLeavesTheOthers(t *testing.T) {
	found, problems := ReadPromises("f", []byte("promises:\n- {name: a}\n- {name: b, expect: denied, from: any, to: [shop/db, {service: shop/db}]}\n- {name: c}\n"))
	if len(problems) != 2 || len(found) != 1 || found[0].Name != "b" || found[0].Line != 3 || found[0].Origin != "f" || len(found[0].To) != 2 {
		t.Errorf("got %+v, %v", found, problems)
	}
}

// TestTheConfigurationRefusesAWrongPromise holds what holds for files.
func TestTheConfigurationRefusesAWrongPromise(t *testing.T) {
	for text, want := range map[string]string{
		"promises:\n- {name: n, expect: denied, from: any, too: a/b}\n":                         `c: line 2: there is no setting "too"; did you mean to?`,
		"promises:\n- {name: n, expect: denied, from: any, to: {workloads: true, dns: true}}\n": "c: line 2: an end of a promise is one of",
		"promises:\n- {file: ../x}\n":       `c: line 2: "../x" is no path below the repository's root`,
		"promises:\n- {file: x, name: n}\n": "where file is given, only clusters may be given besides",
		"promises:\n- {name: n, expect: denied, from: any, to: dns}\n- {name: n, expect: denied, from: any, to: dns}\n": `c: promises: line 3: there is another promise "n" in line 2`,
		"promises:\n- {name: n, expect: denied, from: any, to: dns}\n- {file: x, clusters: prod}\n":                     "",
	} {
		c, err := Read("c", []byte(text))
		if want == "" && (err != nil || len(c.Promises) != 2 || c.Promises[0].Origin != "c") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// isEmptyList tells whether a text is a list of promises that has none: what nothing declared is generated to.
func isEmptyList(text string) bool {
	var all map[string][]any
	err := yaml.Unmarshal([]byte(text), &all)
	list, ok := all["promises"]
	return err == nil && ok && len(list) == 0
}

func FuzzReadPromises(f *testing.F) {
	f.Add("promises:\n- name: n\n  expect: denied\n  from: {any: true, except: [a/b, {cidr: 10.0.0.0/8}]}\n  to: {service: a/b}\n  ports: [80, udp/53, 1-2, http]\n  steps: any\n")
	f.Add("promises: [&a {name: n, to: *a}]")
	f.Add("promises: []")
	f.Fuzz(func(t *testing.T, text string) {
		found, problems := ReadPromises("f", []byte(text))
		for _, p := range found {
			if key, err := p.Check(); err != nil || p.File != "" {
				t.Errorf("a promise was read that is none: %s %v", key, err)
			}
		}
		if len(found)+len(problems) == 0 && !isEmptyList(text) {
			t.Error("nothing was read, and nothing is told")
		}
	})
}

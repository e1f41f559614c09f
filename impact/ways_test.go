package impact

import (
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
)

// TestAServiceThatLeadsElsewhereIsTold holds what a client that asks for a name loses though no policy changes.
func TestAServiceThatLeadsElsewhereIsTold(t *testing.T) {
	const client = `
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: client}}
spec: {containers: [{name: c, env: [{name: WEB_URL, value: "http://web"}]}]}
---
`
	const other = `
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: shop, labels: {app: other}}
spec: {containers: [{name: c, image: other, ports: [{name: http, containerPort: 8080}]}]}
---
`
	with := func(from, to string) string {
		out := strings.Replace(webService, from, to, 1)
		if out == webService {
			t.Fatalf("the Service of this test has no %s", from)
		}
		return out
	}
	both := webPod + client + other
	lettingIn := letIn("[{from: [{podSelector: {}}], ports: [{port: 8080}]}]")
	for name, c := range map[string]struct{ base, head, want string }{
		"nothing":                         {both + webService, both + webService, ""},
		"the selector is misspelt":        {both + webService, both + with("app: web", "app: wbe"), "S1"},
		"nobody is known to use it":       {webPod + webService, webPod + with("app: web", "app: wbe"), "S2"},
		"it leads to others":              {both + webService, both + with("app: web", "app: other"), ""},
		"it is removed":                   {both + webService, both, "S1"},
		"it is renamed":                   {both + webService, both + with("name: web", "name: shop"), "S1"},
		"renamed, and so is the client's": {both + webService, strings.Replace(both, "http://web", "http://shop", 1) + with("name: web", "name: shop"), ""},
		"removed with its workload":       {both + webService, client + other, "W2"},
		"its port is another":             {both + webService, both + with("port: 80,", "port: 8000,"), "S1"},
		"the pods' port is renamed":       {both + webService, strings.Replace(both, "name: http", "name: web", 1) + webService, "S1"},
		"to a port that is closed":        {both + lettingIn + "---\n" + webService, both + lettingIn + "---\n" + with("targetPort: http", "targetPort: 9090"), "S1"},
		"to a port that is open":          {both + webService, both + with("targetPort: http", "targetPort: 9090"), ""},
		"the pods' label is misspelt":     {both + webService, strings.Replace(both, "labels: {app: web}", "labels: {app: wbe}", 1) + webService, "S1"},
		"a policy closes it":              {both + webService, both + webService + letIn("[]"), "B5 B7"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rules(t, c.base, c.head, config.Config{}); !slices.Equal(got, strings.Fields(c.want)) {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

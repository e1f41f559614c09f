package impact

import (
	"slices"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
)

const (
	dbPod    = "apiVersion: v1\nkind: Pod\nmetadata: {name: db, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: main, image: \"postgres:17\", ports: [{name: http, containerPort: 5432}]}]}\n---\n"
	internal = "metadata: {name: web, namespace: shop, annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internal}}"
)

// TestAWayInFromOutsideIsToldThoughNoPolicyChanges holds what only Services, routes and pods decide.
func TestAWayInFromOutsideIsToldThoughNoPolicyChanges(t *testing.T) {
	annotated := func(text, annotation string) string {
		return strings.Replace(text, "namespace: shop}", "namespace: shop, annotations: {"+annotation+"}}", 1)
	}
	ingress := strings.TrimPrefix(webIngress, webService)
	private := strings.Replace(balancer(""), "metadata: {name: web, namespace: shop}", internal, 1)
	if private == balancer("") || ingress == webIngress || annotated(ingress, "a: b") == ingress {
		t.Fatal("the manifests of this test have changed")
	}
	host := strings.Replace(webPod, "containerPort: 8080", "containerPort: 8080, hostPort: 80", 1)
	everybody, nobody := letIn("[{}]"), letIn("[]")
	for name, c := range map[string]struct{ base, head, want string }{
		"a Service becomes a load balancer":          {webPod + webService, webPod + balancer(""), "E2"},
		"policies let everybody in":                  {webPod + webService + everybody, webPod + balancer("") + everybody, "E2"},
		"policies let nobody in":                     {webPod + webService + nobody, webPod + balancer("") + nobody, ""},
		"the way and the policy are opened together": {webPod + webService + nobody, webPod + balancer("") + everybody, "O4 O8"},
		"a database":                                     {dbPod + webService, dbPod + balancer(""), "E1"},
		"limits are lifted":                              {webPod + balancer("loadBalancerSourceRanges: [203.0.113.0/24], "), webPod + balancer(""), "E2"},
		"limits are widened":                             {webPod + balancer("loadBalancerSourceRanges: [203.0.113.0/25], "), webPod + balancer("loadBalancerSourceRanges: [203.0.113.0/24], "), "E2"},
		"limits are narrowed":                            {webPod + balancer("loadBalancerSourceRanges: [203.0.113.0/24], "), webPod + balancer("loadBalancerSourceRanges: [203.0.113.0/25], "), "E4"},
		"inside the provider's network":                  {webPod + webService, webPod + private, "E5"},
		"out of the provider's network":                  {webPod + private, webPod + balancer(""), "E2"},
		"an Ingress":                                     {webPod + webService, webPod + webService + ingress, "E3"},
		"an Ingress goes":                                {webPod + webService + ingress, webPod + webService, "E4"},
		"an Ingress is renamed":                          {webPod + webService + ingress, webPod + webService + strings.Replace(ingress, "name: front", "name: shop", 1), ""},
		"an Ingress admits everybody now":                {webPod + webService + annotated(ingress, "nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8"), webPod + webService + ingress, "E3"},
		"an Ingress in front of what the internet faces": {webPod + balancer(""), webPod + balancer("") + ingress, ""},
		"a host port":                                    {webPod, host, "E2"},
		"a new workload":                                 {webService, webPod + balancer(""), "E3 W1"},
		"a new workload behind an Ingress":               {webService, webPod + webService + ingress, "E5 W1"},
		"pods that are not rendered":                     {webService, balancer(""), "E2"},
		"an Ingress to a Service that is not rendered":   {webPod, webPod + ingress, "E3"},
		"a Service leads to others":                      {webPod + balancer(""), webPod + strings.Replace(balancer(""), "{app: web}", "{app: wbe}", 1), "E2 E4 S2"},
	} {
		t.Run(name, func(t *testing.T) {
			got := rules(t, c.base, c.head, config.Config{})
			if want := strings.Fields(c.want); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestAnInternalLoadBalancerExposesNothingToTheInternet(t *testing.T) {
	private := strings.Replace(balancer(""), "metadata: {name: web, namespace: shop}", internal, 1)
	if got := rules(t, webPod+private+letIn("[]"), webPod+private+letIn("[{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]"), config.Config{}); !slices.Contains(got, "O8") || slices.Contains(got, "O4") {
		t.Errorf("got %v", got)
	}
}

// TestWhatExposedIsRemovedOnlyIfItIs holds who is named where a Service goes and the Ingress before it stays, whatever its marks.
func TestWhatExposedIsRemovedOnlyIfItIs(t *testing.T) {
	ingress := strings.TrimPrefix(webIngress, webService)
	marked := strings.Replace(ingress, "namespace: shop}", "namespace: shop, labels: {helm.sh/chart: shop-2}}", 1)
	for name, c := range map[string]struct{ head, by, cause string }{
		"the Service goes":                    {webPod + ingress, "(it did by Ingress shop/front)", "Service shop/web removed"},
		"it goes, and the Ingress is marked":  {webPod + marked, "(it did by Ingress shop/front)", "Service shop/web removed"},
		"the Ingress goes":                    {webPod + webService, "(Ingress shop/front removed)", "Ingress shop/front removed"},
		"the Ingress and its Service both go": {webPod, "(Ingress shop/front removed)", "Ingress shop/front removed, Service shop/web removed"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range findings(t, webPod+webService+ingress, c.head) {
				if f.Rule != "E4" {
					continue
				}
				var causes []string
				for _, c := range f.Causes {
					causes = append(causes, c.Object+" "+c.Change)
				}
				if got := strings.Join(causes, ", "); !strings.HasSuffix(f.Title, c.by) || got != c.cause {
					t.Errorf("got %s, by %s", f.Title, got)
				}
				return
			}
			t.Error("nothing is told")
		})
	}
}

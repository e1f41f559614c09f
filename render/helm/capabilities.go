package helm

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"helm.sh/helm/v4/pkg/chart/common"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"k8s.io/client-go/kubernetes/scheme"
)

// kubeMinor and kubePatch are the Kubernetes version that charts are rendered for, 1.minor.patch: that of the API types
// which the analysis uses.
const kubeMinor, kubePatch = 37, 2

// oldestMinor is the oldest version that is tried for a chart which does not take the newest: NetworkPolicy's present
// form, networking.k8s.io/v1 with endPort and all, is older still.
const oldestMinor = 16

// capabilitiesFor is what a chart sees of the cluster: the release's Kubernetes version, or the newest one that the
// chart's own constraint allows.
func capabilitiesFor(constraint string, r Release) (*common.Capabilities, error) {
	version, err := kubeVersion(constraint, r.KubeVersion)
	if err != nil {
		return nil, err
	}
	c := common.DefaultCapabilities.Copy()
	c.KubeVersion = *version
	minor, _ := strconv.Atoi(version.Minor) // ParseKubeVersion has made sure that it is one
	c.APIVersions = slices.Concat(apiVersions(minor), r.APIVersions)
	return c, nil
}

func kubeVersion(constraint, asked string) (*common.KubeVersion, error) {
	candidates := []string{asked}
	if asked == "" {
		candidates = nil
		for minor := kubeMinor; minor >= oldestMinor; minor-- {
			candidates = append(candidates, fmt.Sprintf("v1.%d.%d", minor, kubePatch))
		}
	}
	for _, candidate := range candidates {
		version, err := common.ParseKubeVersion(candidate)
		if err != nil {
			return nil, fmt.Errorf("reading the Kubernetes version: %w", err)
		}
		if constraint == "" || chartutil.IsCompatibleRange(constraint, version.String()) {
			return version, nil
		}
	}
	if asked != "" {
		return nil, fmt.Errorf("the chart's kubeVersion %q does not allow Kubernetes %s", constraint, asked)
	}
	return nil, fmt.Errorf("the chart's kubeVersion %q allows no Kubernetes from 1.%d to 1.%d", constraint, oldestMinor, kubeMinor)
}

// apiVersions lists versions ("networking.k8s.io/v1") and kinds ("networking.k8s.io/v1/NetworkPolicy") as a cluster of
// Kubernetes 1.minor does. Helm alone lists no kinds offline, and a policy that a chart guards with one would vanish
// without a word.
func apiVersions(minor int) common.VersionSet {
	versions := slices.Clone(common.DefaultVersionSet)
	for kind, removed := range kubernetesKinds() {
		if removed > minor {
			versions = append(versions, kind)
		}
	}
	for version, kinds := range networkingKinds {
		versions = append(versions, version)
		for _, kind := range kinds {
			versions = append(versions, version+"/"+kind)
		}
	}
	slices.Sort(versions)
	return slices.Compact(versions)
}

// kubernetesKinds maps the kinds of Kubernetes to the minor version that serves each no more: a chart that finds
// extensions/v1beta1/Ingress writes one that no cluster takes.
var kubernetesKinds = sync.OnceValue(func() map[string]int {
	kinds := make(map[string]int)
	for kind, of := range scheme.Scheme.AllKnownTypes() {
		if kind.Version == "__internal" || strings.HasSuffix(kind.Kind, "List") || strings.HasSuffix(kind.Kind, "Options") {
			continue
		}
		removed := math.MaxInt
		if old, ok := reflect.New(of).Interface().(interface{ APILifecycleRemoved() (major, minor int) }); ok {
			_, removed = old.APILifecycleRemoved()
		}
		kinds[kind.GroupVersion().String()+"/"+kind.Kind] = removed
	}
	return kinds
})

// networkingKinds are the custom kinds that a chart may look for before it writes a policy or a route.
var networkingKinds = map[string][]string{
	"cilium.io/v2":                      {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"},
	"crd.projectcalico.org/v1":          {"NetworkPolicy", "GlobalNetworkPolicy", "GlobalNetworkSet", "NetworkSet"},
	"projectcalico.org/v3":              {"NetworkPolicy", "GlobalNetworkPolicy", "GlobalNetworkSet", "NetworkSet"},
	"gateway.networking.k8s.io/v1":      {"Gateway", "GatewayClass", "HTTPRoute", "GRPCRoute"},
	"networking.istio.io/v1":            {"Gateway", "Sidecar", "VirtualService", "ServiceEntry", "DestinationRule"},
	"policy.networking.k8s.io/v1alpha1": {"AdminNetworkPolicy", "BaselineAdminNetworkPolicy"},
	"policy.networking.k8s.io/v1alpha2": {"ClusterNetworkPolicy"},
	"security.istio.io/v1":              {"AuthorizationPolicy", "PeerAuthentication"},
}

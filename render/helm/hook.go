package helm

import (
	"slices"
	"strings"

	"github.com/netpol-impact/netpol-impact/manifest"
)

// hooksOf lists the hooks that an object is, as its annotation names them; none if it is no hook.
func hooksOf(o *manifest.Object) []string {
	annotation := o.Body.Get("metadata", "annotations", "helm.sh/hook")
	if annotation == nil {
		return nil
	}
	hooks := strings.Split(annotation.Text, ",")
	for i, hook := range hooks {
		hooks[i] = strings.ToLower(strings.TrimSpace(hook))
	}
	return hooks
}

// Every hook that Helm knows, and whether it runs in an installation, an upgrade or a rollback.
var knownHooks = map[string]bool{
	"pre-install": true, "post-install": true, "pre-upgrade": true, "post-upgrade": true, "pre-rollback": true, "post-rollback": true,
	"pre-delete": false, "post-delete": false, "test": false, "test-success": false,
}

// areKnown tells whether Helm knows all hooks; it skips an object with one that it does not know.
func areKnown(hooks []string) bool {
	return !slices.ContainsFunc(hooks, func(hook string) bool { _, known := knownHooks[hook]; return !known })
}

// isTest tells whether one of the hooks is a test.
func isTest(hooks []string) bool {
	return slices.Contains(hooks, "test") || slices.Contains(hooks, "test-success")
}

// isDeployed leaves out what no installation and no upgrade makes: tests, the hooks of a deletion, and hooks that Helm
// does not know and therefore skips.
func isDeployed(o *manifest.Object) bool {
	hooks := hooksOf(o)
	return len(hooks) == 0 || areKnown(hooks) && slices.ContainsFunc(hooks, func(hook string) bool { return knownHooks[hook] })
}

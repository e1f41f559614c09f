package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/review"
)

func (p *program) config() *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Write and check the configuration",
		Long: `Write a first configuration (config init), or tell what the one there is means
(config check). docs/configuration.md has every setting.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.configInit(), p.configCheck())
	return c
}

func (p *program) configInit() *cobra.Command {
	var o review.Options
	var file string
	var show bool
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a commented configuration from what is found here",
		Long: `Write a commented configuration, .github/netpol-impact.yaml, from what is found in
the working tree: its targets, its clusters, the network that its policies are written
for, namespaces whose labels are not known. It never overwrites one.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			name, text, err := configFile(file)
			if err != nil {
				return &review.UsageError{Err: err}
			}
			if text != nil && !show {
				return &review.UsageError{Err: fmt.Errorf("%s is there already; netpol-impact config check tells what it means", name)}
			}
			o.Progress = p.progress()
			found, err := review.Configured(c.Context(), o)
			p.endProgress()
			if err != nil {
				return err
			}
			first := firstConfig(found)
			if _, err := config.Read(name, []byte(first)); err != nil {
				return &failure{fmt.Errorf("the configuration that was made cannot be read: %w", err)}
			}
			if show {
				_, err = io.WriteString(p.stdout, first)
				return err
			}
			if err := writeConfig(name, []byte(first)); err != nil {
				return &review.UsageError{Err: err}
			}
			fmt.Fprintf(p.stdout, "%s: written; it is in force once it is merged\n", name)
			return p.diagnose(found.Diagnostics)
		},
	}
	f := c.Flags()
	f.StringVar(&file, "config", "", "the file to write (default: .github/netpol-impact.yaml of the repository)")
	f.BoolVar(&show, "print", false, "print it and write nothing")
	addLimits(c, &o.Limits)
	addFetching(c, &o)
	addCache(c, &o)
	return c
}

// firstConfig is a configuration to begin with. Lines that begin with # and no space are settings to be uncommented.
func firstConfig(found *review.Configuration) string {
	var b strings.Builder
	b.WriteString(config.Schema + `# What netpol-impact reads from the base of a pull request. Everything is optional; docs/configuration.md in
# https://github.com/netpol-impact/netpol-impact has all there is.

# From which severity on a finding fails the gate: critical, high, medium, low, info, never.
gate:
  fail-on-opened: high
  fail-on-blocked: high
`)
	names := found.Clusters()
	if len(names) > 1 {
		fmt.Fprintf(&b, "\n# What one cluster has otherwise. Found here: %s.\n#clusters:\n#  %s:\n#    gate: {fail-on-opened: never, fail-on-blocked: never}\n",
			shown(strings.Join(names, ", ")), quoted(names[len(names)-1]))
	}
	b.WriteString("\n# What is rendered, if not all that is found (netpol-impact targets tells why):\n#targets:\n")
	for _, t := range found.Targets {
		if t.Target.Source != nil {
			continue // the configuration names what is in the repository
		}
		fmt.Fprintf(&b, "#- {path: %s, cluster: %s}\n", quoted(t.Target.Path), quoted(t.Cluster))
	}
	cni, network := "#", config.Generic
	for group, is := range map[string]string{"cilium.io": config.Cilium, "crd.projectcalico.org": config.Calico, "projectcalico.org": config.Calico} {
		if slices.Contains(found.Groups, group) {
			cni, network = "", is
		}
	}
	fmt.Fprintf(&b, "\n# The network that enforces the policies: generic, cilium, calico. It decides what a block of addresses means for pods.\n%scni: %s\n#podCIDRs: [10.244.0.0/16]\n#serviceCIDRs: [10.96.0.0/12]\n", cni, network)
	b.WriteString("\n# Labels of namespaces that are not in the manifests; selectors on others than their names are approximate without.\n#namespaces:\n")
	if len(found.Elsewhere) == 0 {
		b.WriteString("#  monitoring: {team: ops}\n")
	}
	for _, name := range found.Elsewhere {
		fmt.Fprintf(&b, "#  %s: {}\n", quoted(name))
	}
	b.WriteString("\n# Where the cluster's name service answers, with its pods' own port; found here, and taken for it if left out:\n#dns:\n")
	for _, s := range nameServersOf(found) {
		fmt.Fprintf(&b, "#- {%s, port: %d}\n", placeYAML(s.Place), cmp.Or(s.Port, 53))
	}
	b.WriteString("\n# What faces the internet though nothing in the manifests exposes it.\n#internet-facing:\n#  selectors: [exposed=externally]\n")
	b.WriteString("\n# Where the controllers of Ingresses, Gateways and Routes run, if their names do not tell:\n#ingress-controllers:\n#- {namespace: edge, selector: app=proxy}\n")
	b.WriteString(`
# Manifests from elsewhere that are present in every cluster, on both sides: a platform's default-denies.
#context: [platform/policies]

# Where charts, bases and files may be fetched from that are not in the repository; nothing is if left out.
#fetch:
#  allow: ["https://charts.example.com/stable", "oci://ghcr.io/team/charts", "https://github.com/team/repo"]

# What is worth protecting, beside known datastores.
#sensitive:
#  namespaces: [vault]

# Which results the action comments on (changed, failing, always), and how findings are told.
#comment: {when: changed}
#report: {shown: 10, first: [prod], help: "https://wiki.example.org/network-policies"}

# Findings that are accepted until a day; netpol-impact waive writes them.
#waivers: []
`)
	return b.String()
}

// nameServersOf are the name servers of all clusters, each once; Kubernetes' own where there is no cluster.
func nameServersOf(found *review.Configuration) []config.NameServer {
	var out []config.NameServer
	for _, name := range found.Clusters() {
		for _, s := range found.NameServers[name] {
			if !slices.ContainsFunc(out, func(o config.NameServer) bool { return reflect.DeepEqual(o, s) }) {
				out = append(out, s)
			}
		}
	}
	if out == nil {
		out = impact.NameServers(nil, config.Config{})
	}
	return out
}

// placeYAML is a place as the keys of a map in one line.
func placeYAML(p config.Place) string {
	var keys []string
	if p.Namespace != "" {
		keys = append(keys, "namespace: "+quoted(p.Namespace))
	}
	if p.Selector != "" {
		keys = append(keys, "selector: "+quoted(p.Selector))
	}
	if len(p.Addresses) > 0 {
		keys = append(keys, "addresses: ["+strings.Join(p.Addresses, ", ")+"]")
	}
	return strings.Join(keys, ", ")
}

// quoted is a name from the manifests as YAML that can be nothing else.
func quoted(name string) string { return fmt.Sprintf("%q", shown(name)) }

var errNoConfig = errors.New("there is no configuration (.github/netpol-impact.yaml or .netpol-impact.yaml); netpol-impact config init writes one")

func (p *program) configCheck() *cobra.Command {
	var o review.Options
	c := &cobra.Command{
		Use:   "check [PATH]",
		Short: "Check the configuration, and tell what is in force for each cluster",
		Long: `Check the configuration of one state, and tell what is in force for each cluster,
defaults included: gate, network, addresses, what may be fetched, waivers that hold
and that have expired.
PATH is a folder or a git revision; without it, the working tree.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			o.Head = first(args)
			o.Progress = p.progress()
			found, err := review.Configured(c.Context(), o)
			p.endProgress()
			if err != nil {
				return err
			}
			if found.File == "" {
				return &review.UsageError{Err: errNoConfig}
			}
			if _, err := io.WriteString(p.stdout, explainConfig(found, time.Now())); err != nil {
				return &failure{fmt.Errorf("writing to standard output: %w", err)}
			}
			return p.diagnose(found.Diagnostics)
		},
	}
	c.Flags().StringVar(&o.Config, "config", "", "the configuration's path within PATH")
	addLimits(c, &o.Limits)
	addFetching(c, &o)
	addCache(c, &o)
	return c
}

// ifNot is a text unless something is so.
func ifNot(is bool, text string) string {
	if is {
		return ""
	}
	return text
}

// serversText says where a name service answers.
func serversText(servers []config.NameServer) string {
	var words []string
	for _, s := range servers {
		for _, where := range placeWords(s.Place) {
			words = append(words, fmt.Sprintf("%s on port %d", where, cmp.Or(s.Port, 53)))
		}
	}
	return strings.Join(words, "; ")
}

// placeWords say what a place is: pods, addresses or both.
func placeWords(p config.Place) []string {
	var out []string
	if p.Namespace != "" {
		out = append(out, fmt.Sprintf("pods %s in %s", cmp.Or(p.Selector, "*"), p.Namespace))
	}
	if len(p.Addresses) > 0 {
		out = append(out, strings.Join(p.Addresses, ", "))
	}
	return out
}

// placesText says what places are.
func placesText(places []config.Place) string {
	var words []string
	for _, p := range places {
		words = append(words, placeWords(p)...)
	}
	return strings.Join(words, "; ")
}

// fetchWords say from where things are fetched while rendering.
func fetchWords(f config.Fetching) []string {
	var words []string
	for i, s := range f.Sources() {
		word := "what is at or below " + f.Allow[i]
		if s.NamesPort {
			word += " (of the inside, too)"
		}
		words = append(words, word)
	}
	return words
}

// explainConfig tells what a configuration means, defaults included.
func explainConfig(found *review.Configuration, now time.Time) string {
	var b strings.Builder
	say := func(format string, args ...any) { b.WriteString(shown(fmt.Sprintf(format, args...)) + "\n") }
	c := found.Config
	or := func(value, otherwise string) string {
		if value == "" {
			return otherwise + " (default)"
		}
		return value
	}
	many := func(list []string) string { return or(strings.Join(list, ", "), "none") }
	say("%s", found.File)
	say("  targets      %d, %s", len(found.Targets), map[bool]string{true: "found (default)", false: "named"}[len(c.Targets) == 0])
	for _, name := range found.Clusters() {
		one := c.For(name)
		say("cluster %s", name)
		say("  opened       fails the gate from %s", or(one.Gate.FailOnOpened, "high"))
		say("  blocked      fails the gate from %s", or(one.Gate.FailOnBlocked, "high"))
		say("  network      %s", or(one.CNI, config.Generic))
		say("  podCIDRs     %s", many(one.PodCIDRs))
		say("  serviceCIDRs %s", many(one.ServiceCIDRs))
		say("  namespaces   %s", many(slices.Sorted(maps.Keys(one.Namespaces))))
		facing := one.InternetFacing
		say("  facing       %s, beside what the manifests expose", many(slices.Concat(facing.Namespaces, facing.Images, facing.Selectors)))
		say("  controllers  %s", or(placesText(one.IngressControllers), "found by their names"))
		say("  dns          %s%s", serversText(found.NameServers[name]), ifNot(len(one.DNS) > 0, " (found)"))
	}
	say("in every cluster")
	say("  context      %s", many(c.Context))
	say("  sensitive    %s, beside known datastores", many(slices.Concat(c.Sensitive.Namespaces, c.Sensitive.Images, c.Sensitive.Selectors)))
	var kinds []string
	for _, w := range c.Workloads {
		kinds = append(kinds, w.Kind)
	}
	say("  workloads    %s, beside Kubernetes' own", many(kinds))
	say("  fetch        %s", many(fetchWords(c.Fetch)))
	say("  promises     %d in the configuration", len(c.Promises))
	for _, o := range c.Severity {
		say("  severity     %s of %s in %s", o.To, or(strings.Join(o.Rules, ", "), "all rules"), or(strings.Join(o.Namespaces, ", "), "any namespace"))
	}
	for _, w := range c.Waivers {
		what := w.Fingerprint
		if what == "" {
			what = w.Rule + " for " + w.Workload
		}
		state := "until " + w.Until
		if w.Expired(now) {
			state = "EXPIRED on " + w.Until
		}
		say("  waiver       %s %s, in %s, by %s: %s (line %d)", what, state, or(w.Cluster, "every cluster"), w.Author, w.Reason, w.Line)
	}
	say("  comment      on %s; of an earlier one: %s", or(c.Comment.When, config.WhenChanged), or(c.Comment.Earlier, config.UpdateEarlier))
	shown := ""
	if c.Report.Shown > 0 {
		shown = fmt.Sprint(c.Report.Shown)
	}
	say("  report       %s rows in sight; first: %s; help: %s", or(shown, "10"), or(strings.Join(c.Report.First, ", "), "the worst"), or(c.Report.Help, "none"))
	say("  accept-label %s", or(c.AcceptLabel, "none"))
	say("  reviewers    %s", many(c.CriticalReviewers))
	return b.String()
}

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/impact/policy"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/report"
	"github.com/netpol-impact/netpol-impact/review"
)

func (p *program) explain() *cobra.Command {
	var o review.Options
	var out output
	var cluster string
	c := &cobra.Command{
		Use:   "explain SRC DST [[PROTOCOL/]PORT]",
		Short: "Explain why a connection is allowed or denied",
		Long: `Explain why a connection is allowed or denied: every policy and rule that takes part
at either end, with file and line, and the one that decides. SRC and DST are
workloads (web, shop/web, Deployment/shop/web), addresses, or other peers in the words
of a report ("pods k8s-app=kube-dns in kube-system", api.example.com). Without a port it
is the one that DST declares. The state is the working tree, or what --head names; with
--base, the state before is explained, too, and the changes that make the two differ.`,
		Example: `  netpol-impact explain web shop/api
  netpol-impact explain web shop/api 8080
  netpol-impact explain shop/web 203.0.113.7 tcp/443
  netpol-impact explain --base main web api 8080
  netpol-impact explain --base main web "pods k8s-app=kube-dns in kube-system" udp/53
  netpol-impact explain --base main --format json --output why.txt web api 8080`,
		Args: cobra.RangeArgs(2, 3),
		RunE: func(c *cobra.Command, args []string) error {
			q := impact.Question{Source: args[0], Destination: args[1]}
			if len(args) > 2 {
				var err error
				if q.Protocol, q.Port, err = parsePort(args[2]); err != nil {
					return err
				}
			}
			sinks, err := out.open(p)
			if err != nil {
				return err
			}
			o.Stdin, o.Progress = p.stdin, p.progress()
			explained, err := review.Explain(c.Context(), o, cluster, q)
			p.endProgress()
			if err != nil {
				return err
			}
			if err := sinks.write(func(s sink) error { return s.format.WriteExplained(s.to, explained) }); err != nil {
				return err
			}
			var diagnostics []manifest.Diagnostic
			for _, e := range explained.States {
				diagnostics = append(diagnostics, e.Diagnostics...)
			}
			return p.diagnose(diagnostics)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Base, "base", "", "the state before, too: a revision, a folder, a file or -")
	f.StringVar(&o.Head, "head", "", "the state: a revision, a folder, a file or - (default: the working tree)")
	f.StringVar(&cluster, "cluster", "", "which cluster, where the targets form several")
	f.StringVar(&o.Config, "config", "", "the configuration's path within the state")
	addCNI(c, &o, nil)
	addLimits(c, &o.Limits)
	addFetching(c, &o)
	addCache(c, &o)
	out.flags(c, report.ForExplained)
	return c
}

// parsePort reads "8080", "tcp/8080" or "UDP/53".
func parsePort(text string) (policy.Protocol, int, error) {
	protocol, number, ok := strings.Cut(text, "/")
	if !ok {
		protocol, number = string(policy.TCP), text
	}
	known := []policy.Protocol{policy.TCP, policy.UDP, policy.SCTP}
	p := policy.Protocol(strings.ToUpper(protocol))
	port, err := strconv.Atoi(number)
	if err != nil || port < 1 || port > 65535 || !slices.Contains(known, p) {
		return "", 0, fmt.Errorf("%q is no port: write 8080, tcp/8080 or udp/53", text)
	}
	return p, port, nil
}

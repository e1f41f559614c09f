package pullrequest

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
	"github.com/netpol-impact/netpol-impact/review"
)

// conclude sets the outputs about a result.
func (j *job) conclude(result *impact.Result, c comparison, code int) {
	bySeverity, byKind := map[impact.Severity]int{}, map[impact.Kind]int{}
	findings, worst := 0, impact.Severity("")
	for _, cluster := range result.Clusters {
		for _, f := range cluster.Findings {
			findings++
			bySeverity[f.Severity]++
			byKind[f.Kind]++
			if f.Severity.Rank() > worst.Rank() {
				worst = f.Severity
			}
		}
	}
	conclusion := "pass"
	if j.accepted != nil {
		conclusion = "accepted"
	}
	switch code {
	case review.ExitGate:
		conclusion = "fail"
	case review.ExitIncomplete, review.ExitUsage:
		conclusion = "error"
	}
	j.set("conclusion", conclusion)
	j.set("reasons", strings.Join(result.Gate.Reasons, "\n"))
	j.set("worst-severity", string(worst))
	j.set("findings", fmt.Sprint(findings))
	for _, s := range []impact.Severity{impact.Critical, impact.High, impact.Medium, impact.Low, impact.Info} {
		j.set(string(s), fmt.Sprint(bySeverity[s]))
	}
	for _, k := range []impact.Kind{impact.Opened, impact.Blocked, impact.Workload, impact.Path, impact.Hygiene, impact.Promise, impact.Waiver} {
		j.set(string(k), fmt.Sprint(byKind[k]))
	}
	j.set("base", c.base)
	j.set("head", c.head)
}

// linker makes the address of a line of a file, as [report.Options] wants it.
type linker func(side, file string, line int) string

// links lead to the two compared commits on the server. Where a commit is not known by its hash there are none.
func (j *job) links(base, head string) linker {
	return func(side, file string, line int) string {
		commit := head
		if side == "base" {
			commit = base
		}
		if !fullHash.MatchString(commit) || file == "" || path.Clean("/"+file) != "/"+file {
			return ""
		}
		address := (&url.URL{Path: fmt.Sprintf("/%s/%s/blob/%s/%s", j.env.owner, j.env.repository, commit, file)}).EscapedPath()
		if line > 0 {
			address += fmt.Sprintf("#L%d", line)
		}
		return strings.TrimSuffix(j.env.server, "/") + address
	}
}

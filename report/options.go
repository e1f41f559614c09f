package report

// Options are how a report looks. The zero value works.
type Options struct {
	// Title stands for the program's name in the headline, such as "netpol-impact (production)".
	Title string
	// Link returns the address of a line in a file, or "" where there is none. Side is "base" or "head".
	Link func(side, file string, line int) string
	// Rest says where a reader finds what a shortened report leaves out: "the job's summary".
	Rest string
	// Color and Width are text's: ANSI colours, and columns (80 if 0, at least 40).
	Color bool
	Width int
	// By says what a row of a matrix and a node of a graph stands for.
	By By
	// Limit is markdown's: it stays below so many bytes (60,000 if 0, at least 2,000).
	Limit int
}

const (
	defaultWidth = 80
	minimumWidth = 40
	defaultLimit = 60_000
	minimumLimit = 2_000
)

func (o Options) title() string {
	if o.Title == "" {
		return "netpol-impact"
	}
	return o.Title
}

func (o Options) rest() string {
	if o.Rest == "" {
		return "the output of netpol-impact diff --format json"
	}
	return o.Rest
}

func (o Options) width() int {
	if o.Width == 0 {
		return defaultWidth
	}
	return max(o.Width, minimumWidth)
}

func (o Options) limit() int {
	if o.Limit == 0 {
		return defaultLimit
	}
	return max(o.Limit, minimumLimit)
}

func (o Options) link(side, file string, line int) string {
	if o.Link == nil || file == "" {
		return ""
	}
	if side == "" {
		side = "head"
	}
	return o.Link(side, file, line)
}

package fetch

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// A Fetcher fetches for one run. It is safe for concurrent use.
type Fetcher struct {
	allow  []config.Source
	kept   Kept
	client *http.Client
	// time is how long one answer may take, unpacking what the process that unpacks a commit may take.
	time      time.Duration
	unpacking sandbox.Limits

	mu       sync.Mutex
	requests int
	commits  int
	total    int
	unpacked int
	known    map[string]*once
	fetched  []Fetched
}

// Kept keeps what was fetched for later runs: archives by their SHA-256 in hexadecimal, which it checks, and the packs of
// commits by the repository and their full id, which need not be checked.
type Kept interface {
	Blob(digest string) ([]byte, bool)
	KeepBlob(digest string, text []byte)
	Pack(repository, commit string) ([]byte, bool)
	KeepPack(repository, commit string, pack []byte)
}

// A Fetched thing is one that a render got.
type Fetched struct {
	// Name is what it is: "chart redis 18.1.0".
	Name string
	// From is the address that the configuration allows, without credentials or a query.
	From string
	// Digest is its SHA-256 with the algorithm's name, or the commit's full id: "commit 0123…".
	Digest string
	// Moves says that its name may be another commit's in the next run.
	Moves bool
}

// New makes a fetcher of what the configuration allows; nil, which fetches nothing, if that is nothing. kept may be nil.
func New(c config.Fetching, kept Kept) *Fetcher {
	f := &Fetcher{allow: c.Sources(), kept: kept, known: make(map[string]*once), time: maxTime, unpacking: sandbox.Limits{Output: maxFiles}}
	if len(f.allow) == 0 {
		return nil
	}
	f.client = f.newClient()
	return f
}

// Fetched lists what was fetched, each thing once, sorted.
func (f *Fetcher) Fetched() []Fetched {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.Clone(f.fetched)
	slices.SortFunc(all, func(a, b Fetched) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.From, b.From), cmp.Compare(a.Digest, b.Digest))
	})
	return slices.Compact(all)
}

func (f *Fetcher) tell(what Fetched) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fetched = append(f.fetched, what)
}

// Close ends idle connections.
func (f *Fetcher) Close() {
	if f != nil {
		f.client.CloseIdleConnections()
	}
}

// once is a thing that is fetched when it is first asked for, and its result, a failure too: both sides of a comparison
// must see the same.
type once struct {
	sync.Once
	value any
	err   error
}

// fetchOnce has a thing of a name fetched once in a run. A run that is being ended fetches nothing more.
func fetchOnce[T any](ctx context.Context, f *Fetcher, name string, get func() (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	f.mu.Lock()
	o := f.known[name]
	if o == nil {
		o = new(once)
		f.known[name] = o
	}
	f.mu.Unlock()
	o.Do(func() { o.value, o.err = get() })
	value, _ := o.value.(T)
	return value, o.err
}

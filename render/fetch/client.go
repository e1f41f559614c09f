package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/netpol-impact/netpol-impact/config"
)

// The bounds of one run and of one answer.
const (
	maxRequests  = 500
	maxTotal     = 512 << 20
	maxRedirects = 5
	// maxTime is how long one answer may take with all redirects before it, less than a target has.
	maxTime = 30 * time.Second
)

var (
	errRequests = fmt.Errorf("%d things were asked for already, which is the bound", maxRequests)
	errTotal    = fmt.Errorf("%d MiB were fetched already, which is the bound", maxTotal>>20)
)

// A notAllowedError is an address that no entry of the configuration holds.
type notAllowedError struct{ address string }

func (e *notAllowedError) Error() string {
	return e.address + " is not in the configuration's fetch.allow"
}

func (e *notAllowedError) Is(target error) bool { return target == fs.ErrPermission }

// allowed finds an address in the configuration.
func (f *Fetcher) allowed(s config.Source) bool {
	for _, entry := range f.allow {
		if entry.Holds(s) {
			return true
		}
	}
	return false
}

// allowsInside tells whether a host (with its port) may have an address of the inside.
func (f *Fetcher) allowsInside(host string) bool {
	for _, entry := range f.allow {
		if entry.NamesPort && entry.Host == host {
			return true
		}
	}
	return false
}

// newClient has a transport that reads nothing of the environment and connects where it may.
func (f *Fetcher) newClient() *http.Client {
	connect := func(ctx context.Context, network, address string) (net.Conn, error) {
		inside := f.allowsInside(address)
		d := net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address) // what the name has been resolved to
			if err == nil {
				err = reachable(at.Addr(), inside)
			}
			return err
		}}
		return d.DialContext(ctx, network, address)
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: connect, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: 10 * time.Second,
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: maxTime, MaxResponseHeaderBytes: 1 << 20,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// A request is for one thing.
type request struct {
	address *url.URL
	// most bounds the answer, in bytes.
	most int
	// digest is the SHA-256 of what must come, in hexadecimal; none if empty. What an allowed source names by its digest may
	// come from any public host: it can be nothing else.
	digest string
	// vouched says that an allowed source names the address, for what decides nothing by itself.
	vouched bool
	// granted says that the first address was found allowed already.
	granted bool
	accept  string
	// token is sent to the first host and to no other.
	token string
}

// A reply is what came, from the address that was asked at last.
type reply struct {
	text   []byte
	header http.Header
}

// A statusError is an answer other than 200.
type statusError struct {
	code   int
	host   string
	header http.Header
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s answers %d %s", e.host, e.code, http.StatusText(e.code))
}

// timed bounds the time of one thing.
func (f *Fetcher) timed(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, f.time, fmt.Errorf("it did not come within %s", f.time))
}

// get fetches one thing.
func (f *Fetcher) get(ctx context.Context, r request) (reply, error) {
	ctx, cancel := f.timed(ctx)
	defer cancel()
	at := r.address
	for redirects := 0; ; redirects++ {
		if granted := r.granted && redirects == 0; !granted {
			if err := f.may(at, r); err != nil {
				return reply{}, err
			}
		}
		if err := f.count(); err != nil {
			return reply{}, err
		}
		response, err := f.ask(ctx, at, r)
		if err != nil {
			return reply{}, err
		}
		next := response.Header.Get("Location")
		if response.StatusCode < 300 || response.StatusCode > 399 || next == "" {
			return f.read(ctx, at, response, r)
		}
		_ = response.Body.Close()
		if redirects == maxRedirects {
			return reply{}, fmt.Errorf("%s leads on more than %d times", r.address.Host, maxRedirects)
		}
		to, err := at.Parse(next)
		if err != nil {
			return reply{}, fmt.Errorf("%s leads to what is no address", at.Host)
		}
		if to.Host != at.Host || to.Scheme != at.Scheme {
			r.token = ""
		}
		at = to
	}
}

// may tells whether an address may be asked, as far as its name tells.
func (f *Fetcher) may(at *url.URL, r request) error {
	s, err := config.SourceOf(at)
	if err != nil {
		return fmt.Errorf("%s: %w", shown(at), err)
	}
	switch {
	case f.allowed(s):
		return nil
	case (r.digest != "" || r.vouched) && s.Scheme == "https":
		return nil // the address that it resolves to is checked all the same
	}
	return &notAllowedError{shown(at)}
}

// shown is an address for people, without what a signed one has in its query.
func shown(at *url.URL) string {
	u := url.URL{Scheme: at.Scheme, Host: at.Host, Path: at.Path}
	return u.String()
}

func (f *Fetcher) ask(ctx context.Context, at *url.URL, r request) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", shown(at), err)
	}
	q.Header.Set("User-Agent", "netpol-impact")
	if r.accept != "" {
		q.Header.Set("Accept", r.accept)
	}
	if r.token != "" {
		q.Header.Set("Authorization", "Bearer "+r.token)
	}
	response, err := f.client.Do(q)
	if err != nil {
		return nil, f.failed(ctx, at, err)
	}
	return response, nil
}

func (f *Fetcher) failed(ctx context.Context, at *url.URL, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // it repeats the address, with its query
	}
	return fmt.Errorf("asking %s: %w", shown(at), err)
}

func (f *Fetcher) read(ctx context.Context, at *url.URL, response *http.Response, r request) (reply, error) {
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return reply{}, &statusError{response.StatusCode, at.Host, response.Header}
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, int64(r.most)+1))
	if err != nil {
		return reply{}, f.failed(ctx, at, err)
	}
	if len(text) > r.most {
		return reply{}, fmt.Errorf("%s sends more than %d bytes, which is the bound", shown(at), r.most)
	}
	if !f.countBytes(len(text)) {
		return reply{}, errTotal
	}
	if got := digestOf(text); r.digest != "" && got != r.digest {
		return reply{}, fmt.Errorf("what came from %s has the digest sha256:%s, and sha256:%s was announced", shown(at), got, r.digest)
	}
	return reply{text, response.Header}, nil
}

func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// countBytes counts what came, and tells whether that is within the bound.
func (f *Fetcher) countBytes(n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.total += n
	return f.total <= maxTotal
}

// count counts a request.
func (f *Fetcher) count() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.requests++; f.requests > maxRequests {
		return errRequests
	}
	return nil
}

package pullrequest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"
)

// clock tells the time and waits.
type clock interface {
	Now() time.Time
	// Sleep waits, or returns the context's error when that ends first.
	Sleep(context.Context, time.Duration) error
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

const (
	maxAttempts = 6
	// maxWait bounds all waits for one comment together: a job costs money while it waits.
	maxWait = 3 * time.Minute
)

// errAgain is why an attempt must start over: what it found has changed under its hands.
var errAgain = errors.New("it changed while it was being written")

// retry calls do until it succeeds, fails for good, or has had its attempts and its time.
func retry(ctx context.Context, c clock, do func(context.Context) error) error {
	waited := time.Duration(0)
	for attempt := 1; ; attempt++ {
		err := do(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		wait, again := patience(err, attempt, c.Now())
		if !again {
			return err
		}
		if attempt == maxAttempts {
			return fmt.Errorf("tried %d times: %w", attempt, err)
		}
		if waited += wait; waited > maxWait {
			return fmt.Errorf("GitHub asks to wait until %s, which is too long: %w", c.Now().Add(wait).UTC().Format(time.RFC3339), err)
		}
		if err := c.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// patience tells whether an error may go away, and how long to wait for it. GitHub says how long in Retry-After (seconds)
// or X-RateLimit-Reset (an epoch), and wants a minute after a secondary limit that does not; it answers both limits with
// 403 or 429 (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
func patience(err error, attempt int, now time.Time) (time.Duration, bool) {
	backoff := time.Second << (attempt - 1)
	if errors.Is(err, errAgain) {
		return backoff, true
	}
	var primary *github.RateLimitError
	if errors.As(err, &primary) {
		return max(primary.Rate.Reset.Sub(now), time.Second), true
	}
	var secondary *github.AbuseRateLimitError
	if errors.As(err, &secondary) {
		if secondary.RetryAfter != nil {
			return max(*secondary.RetryAfter, time.Second), true
		}
		return time.Minute, true
	}
	var refused *github.ErrorResponse
	if errors.As(err, &refused) && refused.Response != nil {
		return patienceWith(refused, backoff, now)
	}
	var text *json.SyntaxError
	var transport *url.Error
	var network net.Error
	if errors.As(err, &text) || errors.As(err, &transport) || errors.As(err, &network) || errors.Is(err, errCutOff) || errors.Is(err, context.DeadlineExceeded) {
		return backoff, true
	}
	return 0, false
}

func patienceWith(refused *github.ErrorResponse, backoff time.Duration, now time.Time) (time.Duration, bool) {
	header := refused.Response.Header
	after := backoff
	asked := false
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil {
		after, asked = max(time.Duration(seconds)*time.Second, time.Second), true
	} else if header.Get("X-RateLimit-Remaining") == "0" {
		if epoch, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64); err == nil {
			after, asked = max(time.Unix(epoch, 0).Sub(now), time.Second), true
		}
	}
	switch code := refused.Response.StatusCode; {
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusConflict:
		return after, true
	case code == http.StatusTooManyRequests, code == http.StatusForbidden && (asked || strings.Contains(strings.ToLower(refused.Message), "rate limit")):
		if !asked {
			after = time.Minute
		}
		return after, true
	}
	return 0, false
}

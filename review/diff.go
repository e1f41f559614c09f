package review

import (
	"context"
	"errors"

	"github.com/netpol-impact/netpol-impact/impact"
)

// Diff compares two sides. The error is a [*UsageError]; whatever else goes wrong is a diagnostic of the result.
func Diff(ctx context.Context, o Options) (*impact.Result, error) {
	return nil, errors.New("comparing: not written yet")
}

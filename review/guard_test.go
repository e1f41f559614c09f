package review

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestACrashIsAnErrorThatNamesItsLine(t *testing.T) {
	_, err := guard(func() (int, error) {
		var none *unit
		return len(none.By), nil
	})
	if err == nil || !strings.Contains(err.Error(), "guard_test.go:13") {
		t.Errorf("got %v", err)
	}
}

// Whoever stops the program does not wait for the end of an analysis.
func TestNobodyWaitsForWorkAfterItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	never := make(chan struct{})
	defer close(never)
	_, err := guardUntil(ctx, func() (int, error) {
		cancel()
		<-never
		return 0, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	_, err = guardUntil(t.Context(), func() (int, error) { panic("a mistake") })
	if err == nil || !strings.Contains(err.Error(), "a mistake, at guard_test.go") {
		t.Errorf("got %v", err)
	}
}

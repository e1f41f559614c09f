package review

import (
	"strings"
	"testing"
)

func TestACrashIsAnErrorThatNamesItsLine(t *testing.T) {
	_, err := guard(func() (int, error) {
		var none *unit
		return len(none.By), nil
	})
	if err == nil || !strings.Contains(err.Error(), "guard_test.go:11") {
		t.Errorf("got %v", err)
	}
}

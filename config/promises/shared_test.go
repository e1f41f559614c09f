package promises

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheFilesOfOtherProgramsAreReadAsTheyAre reads netassert's and policy-assistant's own files, and refuses those that
// netassert does.
func TestTheFilesOfOtherProgramsAreReadAsTheyAre(t *testing.T) {
	shared := os.Getenv("NETPOL_IMPACT_SHARED")
	if shared == "" {
		t.Skip("NETPOL_IMPACT_SHARED is not set: the collection of other programs' files is not read")
	}
	found := make(map[bool]int)
	for _, pattern := range []string{"netassert/*.yaml", "policy-assistant/*.json"} {
		files, err := filepath.Glob(filepath.Join(shared, "corpus", "promises", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			set, problems := Read(filepath.Base(file), text)
			valid := !strings.HasPrefix(filepath.Base(file), "invalid")
			found[valid]++
			if valid != (len(problems) == 0) {
				t.Errorf("%s: %d promises, %d probes, %v", filepath.Base(file), len(set.Promises), len(set.Probes), problems)
			}
			if valid && len(set.Promises)+len(set.Probes) == 0 {
				t.Errorf("%s: nothing was read", filepath.Base(file))
			}
			for _, problem := range problems {
				if !strings.HasPrefix(problem.Error(), filepath.Base(file)+": line ") {
					t.Errorf("%s: an error without file and line: %v", file, problem)
				}
				t.Log(problem)
			}
		}
	}
	if found[true] < 6 || found[false] < 6 {
		t.Errorf("only %d valid and %d invalid files", found[true], found[false])
	}
}

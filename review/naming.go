package review

import "fmt"

// maxNamed is how many things a diagnostic names.
const maxNamed = 5

// firstOf are the names that a diagnostic has of many: the first, and how many there are beside them.
func firstOf(names []string) []string {
	if more := len(names) - maxNamed; more > 0 {
		return append(names[:maxNamed:maxNamed], fmt.Sprintf("%d more", more))
	}
	return names
}

package render

import (
	"regexp"
	"strings"
)

// expression is what stands in the braces of a variable: its length, its name, and what is made of it.
var expression = regexp.MustCompile(`^(#?)([A-Za-z_][A-Za-z0-9_]*)(?s:(=|:=|:-)?(.*))$`)

// keepUnknown escapes the variables that stay as they are.
func (v *Variables) keepUnknown(text string) string {
	if !v.Partial {
		return text
	}
	return v.eachVariable(text, func(inner string) string {
		if !v.isUnknown(inner) {
			return "${" + inner + "}"
		}
		return "$$" + "{" + strings.ReplaceAll(inner, "${", "$${") + "}"
	})
}

// isUnknown tells whether what stands in a variable's braces comes to nothing that is known: its name has neither a value
// nor a default, or it needs another variable of which that is so.
func (v *Variables) isUnknown(inner string) bool {
	parts := expression.FindStringSubmatch(inner)
	if parts == nil {
		return false // a mistake, which is told as one
	}
	length, operator, rest := parts[1], parts[3], parts[4]
	value, known := v.Values[parts[2]]
	if isDefault := length == "" && operator != ""; isDefault && value != "" || known && rest == "" {
		return false
	} else if !isDefault && !known {
		return true
	}
	needs := false
	v.eachVariable(rest, func(other string) string {
		needs = needs || v.isUnknown(other)
		return ""
	})
	return needs
}

// eachVariable replaces each outermost ${…} that is not escaped, given what is in its braces.
func (v *Variables) eachVariable(text string, replace func(inner string) string) string {
	var out strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			break
		}
		end := closing(text, i+2)
		if end < 0 {
			break // a mistake, which is told as one
		}
		if i > 0 && text[i-1] == '$' { // escaped: what is in it is text
			out.WriteString(text[:i+2])
			text = text[i+2:]
			continue
		}
		out.WriteString(text[:i])
		out.WriteString(replace(text[i+2 : end]))
		text = text[end+1:]
	}
	out.WriteString(text)
	return out.String()
}

// closing is where the brace that was opened before an index closes, or -1.
func closing(text string, from int) int {
	depth := 1
	for i := from; i < len(text); i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			depth++
		case text[i] == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

package argocd

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var keyPart = regexp.MustCompile(`^([^\[\]]*)((?:\[\d+\])*)$`)

// maxIndex is Helm's own bound on the indexes of --set.
const maxIndex = 65536

// set sets a value as helm's --set does: a.b.c, a.b[0].c, with \. for a dot in a key.
func set(values map[string]any, p parameter) error {
	var value any = p.Value
	if !p.ForceString {
		value = typed(p.Value)
	}
	steps, err := steps(p.Name)
	if err != nil {
		return err
	}
	put(values, steps, value)
	return nil
}

// typed reads a value as --set does.
func typed(text string) any {
	switch text {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && (text == "0" || text[0] != '0') {
		return n
	}
	return text
}

// steps are the keys (string) and indexes (int) of a parameter's name.
func steps(name string) ([]any, error) {
	const dot = "\x00"
	var all []any
	for _, part := range strings.Split(strings.ReplaceAll(name, `\.`, dot), ".") {
		found := keyPart.FindStringSubmatch(strings.ReplaceAll(part, dot, "."))
		if found == nil || found[1] == "" {
			return nil, errors.New("its name is not like a.b[0].c")
		}
		all = append(all, found[1])
		for _, index := range strings.Split(strings.Trim(found[2], "[]"), "][") {
			if index == "" {
				continue
			}
			n, err := strconv.Atoi(index)
			if err != nil || n > maxIndex {
				return nil, fmt.Errorf("the index %s is too large", index)
			}
			all = append(all, n)
		}
	}
	return all, nil
}

// put returns a value with another one put in at the end of some steps; what stands in the way is replaced.
func put(into any, steps []any, value any) any {
	if len(steps) == 0 {
		return value
	}
	if key, ok := steps[0].(string); ok {
		m, ok := into.(map[string]any)
		if !ok {
			m = make(map[string]any)
		}
		m[key] = put(m[key], steps[1:], value)
		return m
	}
	list, _ := into.([]any)
	index := steps[0].(int)
	for len(list) <= index {
		list = append(list, nil)
	}
	list[index] = put(list[index], steps[1:], value)
	return list
}

package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

// named are the fields whose values are names, or whose members' values are labels: an API server takes no ${VAR} there.
var named = map[string]bool{
	"name": true, "namespace": true, "serviceName": true, "serviceAccountName": true,
	"labels": true, "matchLabels": true, "selector": true, "nodeSelector": true, "values": true,
	"matchName": true, "matchPattern": true,
}

// nameUnknown writes an object's variables without a value as words, where it has names and labels: policies can then be
// compared, by labels that are the same wherever the same is written, and on both sides.
func (v *Variables) nameUnknown(text string) (string, error) {
	if !strings.Contains(text, "${") {
		return text, nil
	}
	written, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return "", err
	}
	decoder := json.NewDecoder(strings.NewReader(string(written)))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return "", err
	}
	out, err := json.Marshal(v.nameIn(tree, false))
	if err != nil {
		return "", err
	}
	out, err = yaml.JSONToYAML(out)
	return string(out), err
}

// nameIn replaces the variables of a tree, whose strings are names or labels if inside.
func (v *Variables) nameIn(tree any, inside bool) any {
	switch t := tree.(type) {
	case map[string]any:
		for key, value := range t {
			_, isText := value.(string)
			_, isMap := value.(map[string]any)
			t[key] = v.nameIn(value, inside && isText || named[key] && !(key == "values" && isMap)) // a chart's values are no labels
		}
	case []any:
		for i := range t {
			t[i] = v.nameIn(t[i], inside)
		}
	case string:
		if inside && strings.Contains(t, "${") {
			return v.name(t)
		}
	}
	return tree
}

// maxLabel is how long a label's value may be.
const maxLabel = 63

// name is a name or label with words for its variables.
func (v *Variables) name(text string) string {
	out := v.eachVariable(text, word)
	if len(out) > maxLabel && !strings.ContainsAny(out, " '\"=(") { // Calico's selectors are expressions
		out = UnknownWord + digest(text)
	}
	return out
}

var notOfWord = regexp.MustCompile(`[^a-z0-9]+`)

// UnknownWord is what each word for a variable without a value begins with.
const UnknownWord = "unknown-"

// word stands for what is in a variable's braces: "unknown-zone-1f3a5c" for ZONE. Another expression has another word.
func word(inner string) string {
	name := inner
	if parts := expression.FindStringSubmatch(inner); parts != nil {
		name = parts[2]
	}
	name = strings.Trim(notOfWord.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return UnknownWord + name[:min(len(name), 20)] + "-" + digest(inner)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:3])
}

package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// Selector is a label selector in canonical form: equal meanings written differently (matchLabels, expressions in
// another order) are equal values of Key. The zero value selects everything.
type Selector struct {
	// Requirements are all to be met; sorted, without duplicates.
	Requirements []Requirement
	key          string
}

// Operators on a label's text, which some dialects have beside Kubernetes' own. Each has one value. The negative ones are
// met where the label is absent.
const (
	Contains    metav1.LabelSelectorOperator = "Contains"
	ContainsNot metav1.LabelSelectorOperator = "ContainsNot"
	StartsWith  metav1.LabelSelectorOperator = "StartsWith"
	StartsNot   metav1.LabelSelectorOperator = "StartsNot"
	EndsWith    metav1.LabelSelectorOperator = "EndsWith"
	EndsNot     metav1.LabelSelectorOperator = "EndsNot"
)

// textOperators are the operators on a label's text: what they ask of it, whether they negate it, and their words.
var textOperators = map[metav1.LabelSelectorOperator]struct {
	holds  func(text, part string) bool
	negate bool
	words  string
}{
	Contains:    {strings.Contains, false, "contains"},
	ContainsNot: {strings.Contains, true, "does not contain"},
	StartsWith:  {strings.HasPrefix, false, "starts with"},
	StartsNot:   {strings.HasPrefix, true, "does not start with"},
	EndsWith:    {strings.HasSuffix, false, "ends with"},
	EndsNot:     {strings.HasSuffix, true, "does not end with"},
}

// ReadsText tells whether the requirement depends on more of a label's value than whether it is one of Values.
func (r *Requirement) ReadsText() bool {
	_, ok := textOperators[r.Operator]
	return ok
}

// Account is a label that stands for the name of a pod's ServiceAccount, and AccountLabel the beginning of those that
// stand for the ServiceAccount's own labels. No label of an object begins so.
const (
	Account      = "@serviceaccount"
	AccountLabel = "@serviceaccount/"
)

// OfAccount tells whether the requirement is about a pod's ServiceAccount.
func (r *Requirement) OfAccount() bool { return strings.HasPrefix(r.Key, Account) }

// Requirement is one condition on a label.
type Requirement struct {
	Key      string
	Operator metav1.LabelSelectorOperator
	// Values are sorted; Exists and DoesNotExist have none.
	Values []string
}

// NewSelector makes a selector of the API's form. It fails where the API server would.
func NewSelector(s metav1.LabelSelector) (Selector, error) {
	requirements := make([]Requirement, 0, len(s.MatchLabels)+len(s.MatchExpressions))
	for key, value := range s.MatchLabels {
		requirements = append(requirements, Requirement{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{value}})
	}
	for _, e := range s.MatchExpressions {
		values := slices.Clone(e.Values)
		slices.Sort(values)
		requirements = append(requirements, Requirement{Key: e.Key, Operator: e.Operator, Values: slices.Compact(values)})
	}
	for _, r := range requirements {
		if err := r.validate(); err != nil {
			return Selector{}, err
		}
	}
	return Canonical(requirements), nil
}

// ParseSelector reads a selector as kubectl takes it, such as "tier=data,!public".
func ParseSelector(text string) (Selector, error) {
	parsed, err := labels.Parse(text)
	if err != nil {
		return Selector{}, err
	}
	requirements, _ := parsed.Requirements()
	var out []Requirement
	for _, r := range requirements {
		values := slices.Sorted(maps.Keys(r.Values()))
		operator := metav1.LabelSelectorOpIn
		switch r.Operator() {
		case selection.NotIn, selection.NotEquals:
			operator = metav1.LabelSelectorOpNotIn
		case selection.Exists:
			operator, values = metav1.LabelSelectorOpExists, nil
		case selection.DoesNotExist:
			operator, values = metav1.LabelSelectorOpDoesNotExist, nil
		case selection.GreaterThan, selection.LessThan:
			return Selector{}, fmt.Errorf("policies compare no numbers (%s)", r.String())
		}
		out = append(out, Requirement{Key: r.Key(), Operator: operator, Values: values})
	}
	return Canonical(out), nil
}

// WithLabels selects what has some labels, as a Service's selector does.
func WithLabels(labels map[string]string) Selector {
	requirements := make([]Requirement, 0, len(labels))
	for key, value := range labels {
		requirements = append(requirements, Requirement{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{value}})
	}
	return Canonical(requirements)
}

// validate applies the rules of labels.NewRequirement, which the API server applies, too.
func (r Requirement) validate() error {
	operators := map[metav1.LabelSelectorOperator]selection.Operator{
		metav1.LabelSelectorOpIn:           selection.In,
		metav1.LabelSelectorOpNotIn:        selection.NotIn,
		metav1.LabelSelectorOpExists:       selection.Exists,
		metav1.LabelSelectorOpDoesNotExist: selection.DoesNotExist,
	}
	op, ok := operators[r.Operator]
	if !ok {
		return fmt.Errorf("operator %q is none of In, NotIn, Exists, DoesNotExist", r.Operator)
	}
	_, err := labels.NewRequirement(r.Key, op, r.Values)
	return err
}

// Canonical makes a selector of valid requirements.
func Canonical(requirements []Requirement) Selector {
	words := make([]string, len(requirements))
	for i, r := range requirements {
		words[i] = r.String()
	}
	slices.SortFunc(requirements, func(a, b Requirement) int { return strings.Compare(a.String(), b.String()) })
	requirements = slices.CompactFunc(requirements, func(a, b Requirement) bool { return a.String() == b.String() })
	slices.Sort(words)
	return Selector{Requirements: requirements, key: strings.Join(slices.Compact(words), ",")}
}

// String is the requirement as kubectl writes it.
func (r Requirement) String() string {
	switch r.Operator {
	case metav1.LabelSelectorOpExists:
		return r.Key
	case metav1.LabelSelectorOpDoesNotExist:
		return "!" + r.Key
	case metav1.LabelSelectorOpIn:
		if len(r.Values) == 1 {
			return r.Key + "=" + r.Values[0]
		}
		return r.Key + " in (" + strings.Join(r.Values, ",") + ")"
	}
	if t, ok := textOperators[r.Operator]; ok {
		return r.Key + " " + t.words + " " + strconv.Quote(r.Values[0])
	}
	if len(r.Values) == 1 {
		return r.Key + "!=" + r.Values[0]
	}
	return r.Key + " notin (" + strings.Join(r.Values, ",") + ")"
}

// String is the selector as kubectl writes it, "*" if it selects everything.
func (s Selector) String() string {
	if s.key == "" {
		return "*"
	}
	return s.key
}

// Everything tells whether the selector selects whatever there is.
func (s Selector) Everything() bool { return len(s.Requirements) == 0 }

// Matches tells whether labels meet every requirement.
func (s Selector) Matches(labels map[string]string) bool {
	for i := range s.Requirements {
		if !s.Requirements[i].Matches(labels) {
			return false
		}
	}
	return true
}

// Matches tells whether labels meet the requirement: NotIn is met where the key is absent (API reference of
// LabelSelectorRequirement).
func (r *Requirement) Matches(labels map[string]string) bool {
	value, present := labels[r.Key]
	switch r.Operator {
	case metav1.LabelSelectorOpIn:
		return present && slices.Contains(r.Values, value)
	case metav1.LabelSelectorOpNotIn:
		return !present || !slices.Contains(r.Values, value)
	case metav1.LabelSelectorOpExists:
		return present
	case metav1.LabelSelectorOpDoesNotExist:
		return !present
	}
	t := textOperators[r.Operator]
	return (present && t.holds(value, r.Values[0])) != t.negate
}

// InNamespace selects the namespace of that name.
func InNamespace(name string) Namespaces { return Namespaces{Name: name} }

// Key identifies what is selected, by content.
func (s Selector) Key() string { return s.key }

// Key identifies what is selected, by content.
func (p Pods) Key() string { return p.Namespaces.Key() + "\x00" + p.Pods.Key() }

// Key identifies what is selected, by content. A space, which no name has, marks a selector.
func (n Namespaces) Key() string {
	if n.Name != "" {
		return n.Name
	}
	if n.Selector.key == "" {
		return " "
	}
	return " " + n.Selector.key
}

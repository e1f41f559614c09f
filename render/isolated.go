package render

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"

	"github.com/netpol-impact/netpol-impact/render/sandbox"
)

// inChild renders a target in a process of its own.
var inChild = sandbox.Define("render", func(tree fs.FS, order []byte) ([]byte, error) {
	t, err := DecodeTarget(order)
	if err != nil {
		return nil, err
	}
	out, err := renderHere(context.Background(), tree, t, nil, nil)
	if err != nil {
		return nil, err
	}
	return encode(out), nil
})

// isolated renders a target whose tool is not made for hostile input: kustomize, Helm, a substitution of variables.
func (s *Series) isolated(ctx context.Context, tree fs.FS, t Target) (Output, error) {
	order, err := EncodeTarget(t)
	if err != nil {
		return Output{}, err
	}
	answer, err := s.children.Run(ctx, tree, order)
	if err != nil {
		return Output{}, err
	}
	return s.renderer.decode(answer)
}

// An order is a target on its way to a child. Values hold numbers that must arrive as the type that they are: a template
// prints the integer 1000000 as it is, and the same as a float as 1e+06.
type order struct {
	Target Target
	Values json.RawMessage `json:",omitempty"`
}

// EncodeTarget writes a target for another process of the same program, exactly.
func EncodeTarget(t Target) ([]byte, error) {
	o := order{Target: t}
	if values := t.changes().Values; values != nil {
		text, err := appendExact(nil, values)
		if err != nil {
			return nil, fmt.Errorf("handing over its values: %w", err)
		}
		changes := *t.Changes
		changes.Values = nil
		o.Values, o.Target.Changes = text, &changes
	}
	return json.Marshal(o)
}

// DecodeTarget reads what [EncodeTarget] wrote. The text need not be trusted.
func DecodeTarget(text []byte) (Target, error) {
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		return Target{}, err
	}
	if o.Values == nil {
		return o.Target, nil
	}
	d := json.NewDecoder(bytes.NewReader(o.Values))
	d.UseNumber()
	var values map[string]any
	if err := d.Decode(&values); err != nil {
		return Target{}, err
	}
	exact, err := readExact(values)
	if o.Target.Changes == nil {
		o.Target.Changes = new(Changes)
	}
	o.Target.Changes.Values, _ = exact.(map[string]any)
	return o.Target, err
}

// appendExact writes JSON in which a float has a fraction or an exponent, and an integer none.
func appendExact(b []byte, value any) ([]byte, error) {
	var err error
	switch v := value.(type) {
	case map[string]any:
		b = append(b, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendExact(b, key); err == nil {
				b, err = appendExact(append(b, ':'), v[key])
			}
			if err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	case []any:
		b = append(b, '[')
		for i, element := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendExact(b, element); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	}
	text, err := json.Marshal(value)
	if v, ok := value.(float64); ok && v == math.Trunc(v) && !bytes.ContainsAny(text, "eE") {
		text = append(text, ".0"...)
	}
	return append(b, text...), err
}

func readExact(value any) (any, error) {
	var err error
	switch v := value.(type) {
	case map[string]any:
		for key, element := range v {
			if v[key], err = readExact(element); err != nil {
				return nil, err
			}
		}
	case []any:
		for i, element := range v {
			if v[i], err = readExact(element); err != nil {
				return nil, err
			}
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	}
	return value, nil
}

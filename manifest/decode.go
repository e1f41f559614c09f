package manifest

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math"
	"reflect"
	"strings"
	"sync"

	"github.com/netpol-impact/netpol-impact/internal/spelling"
)

// A Mistake is a value that the API server would refuse, or (Warning) would drop without a word.
type Mistake struct {
	Severity Severity
	// Path leads to the value: spec.ingress[0].ports[1].port.
	Path string
	Line int
	Text string
}

func (m Mistake) Error() string { return m.Path + ": " + m.Text }

// Decode fills the struct that into points to from n, by its json tags, as strictly as the API server: a value of the
// wrong type is an error. A field that the struct does not have is a warning, because the API server drops it: what
// its author meant does not hold.
func Decode(n *Node, into any) []Mistake {
	d := decoder{}
	d.value(n, reflect.ValueOf(into).Elem(), "")
	return d.mistakes
}

type decoder struct{ mistakes []Mistake }

func (d *decoder) wrong(n *Node, path, want string) {
	d.mistakes = append(d.mistakes, Mistake{Severity: Error, Path: path, Line: n.Line, Text: WrongType(n, want)})
}

// WrongType says that a value is not of the type wanted, and what to do about it.
func WrongType(n *Node, want string) string {
	shown := n.Text
	if n.Kind == Map || n.Kind == List {
		shown = "this"
	}
	text := fmt.Sprintf("%s is %s, not %s", shown, n.Kind.Noun(), noun(want))
	if want == "string" && (n.Kind == Bool || n.Kind == Int || n.Kind == Float) {
		text += "; quote it"
	}
	return text
}

var jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()

func (d *decoder) value(n *Node, v reflect.Value, path string) {
	if n.IsNull() {
		return
	}
	if v.Kind() != reflect.Pointer && v.CanAddr() && v.Addr().Type().Implements(jsonUnmarshaler) {
		if err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(n.AppendJSON(nil)); err != nil {
			d.mistakes = append(d.mistakes, Mistake{Severity: Error, Path: path, Line: n.Line, Text: err.Error()})
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Slice:
		d.slice(n, v, path)
	case reflect.Map:
		d.mapping(n, v, path)
	case reflect.String:
		if n.Kind != String {
			d.wrong(n, path, "string")
			return
		}
		v.SetString(n.Text)
	case reflect.Bool:
		if n.Kind != Bool {
			d.wrong(n, path, "boolean")
			return
		}
		v.SetBool(n.IsTrue())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.integer(n, v, path)
	case reflect.Float32, reflect.Float64:
		if err := json.Unmarshal(n.AppendJSON(nil), v.Addr().Interface()); err != nil {
			d.wrong(n, path, "number")
		}
	case reflect.Interface:
		var plain any
		if err := json.Unmarshal(n.AppendJSON(nil), &plain); err == nil {
			v.Set(reflect.ValueOf(plain))
		}
	default:
		d.wrong(n, path, v.Kind().String())
	}
}

func (d *decoder) integer(n *Node, v reflect.Value, path string) {
	i, ok := n.IntValue()
	if !ok {
		d.wrong(n, path, "integer")
		return
	}
	if v.OverflowInt(int64(i)) {
		d.mistakes = append(d.mistakes, Mistake{Severity: Error, Path: path, Line: n.Line,
			Text: fmt.Sprintf("%d is greater than %d", i, math.MaxInt32)})
		return
	}
	v.SetInt(int64(i))
}

func (d *decoder) slice(n *Node, v reflect.Value, path string) {
	if n.Kind != List {
		d.wrong(n, path, "list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items)))
	for i := range n.Items {
		d.value(&n.Items[i], v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (d *decoder) mapping(n *Node, v reflect.Value, path string) {
	if n.Kind != Map {
		d.wrong(n, path, "object")
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.Items)/2))
	n.Fields(func(key, value *Node) bool {
		element := reflect.New(v.Type().Elem()).Elem()
		d.value(value, element, join(path, key.Text))
		v.SetMapIndex(reflect.ValueOf(key.Text).Convert(v.Type().Key()), element)
		return true
	})
}

func (d *decoder) structure(n *Node, v reflect.Value, path string) {
	if n.Kind != Map {
		d.wrong(n, path, "object")
		return
	}
	fields := fieldsOf(v.Type())
	n.Fields(func(key, value *Node) bool {
		at := join(path, key.Text)
		index, ok := fields[key.Text]
		if !ok {
			d.mistakes = append(d.mistakes, Mistake{Severity: Warning, Path: at, Line: key.Line,
				Text: UnknownField(key.Text, maps.Keys(fields))})
			return true
		}
		d.value(value, v.FieldByIndex(index), at)
		return true
	})
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

var fieldCache sync.Map // reflect.Type → map[string][]int

// fieldsOf maps a struct's JSON names to its fields, embedded structs' included.
func fieldsOf(t reflect.Type) map[string][]int {
	if known, ok := fieldCache.Load(t); ok {
		return known.(map[string][]int)
	}
	fields := make(map[string][]int)
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case f.Anonymous && (name == "" || strings.Contains(options, "inline")):
			for inner, index := range fieldsOf(f.Type) {
				fields[inner] = append([]int{i}, index...)
			}
		case name != "":
			fields[name] = []int{i}
		}
	}
	fieldCache.Store(t, fields)
	return fields
}

// UnknownField says what becomes of a field that there is not, and which of those that there are was probably meant.
func UnknownField(got string, fields iter.Seq[string]) string {
	const dropped = "unknown field; the API server drops it"
	best, bestDistance := "", 3
	for name := range fields {
		if strings.EqualFold(name, got) {
			return fmt.Sprintf("%s; did you mean %q?", dropped, name)
		}
		if distance := spelling.Distance(got, name); distance < bestDistance || distance == bestDistance && name < best {
			best, bestDistance = name, distance
		}
	}
	if best == "" {
		return dropped
	}
	return fmt.Sprintf("%s; did you mean %q?", dropped, best)
}

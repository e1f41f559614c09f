package manifest

// fields are those of a map that is being made. A few are found one by one; of many, the names are hashed, so that a map
// of any size is made in a time that grows with its size alone.
type fields struct {
	of    *Node
	names map[string]struct{}
}

// fewItems is how many items, two for each field, are looked through.
const fewItems = 64

func (f *fields) has(name string) bool {
	if len(f.of.Items) <= fewItems {
		return f.of.field(name) != nil
	}
	if f.names == nil {
		f.names = make(map[string]struct{}, len(f.of.Items))
		for i := 0; i < len(f.of.Items); i += 2 {
			f.names[f.of.Items[i].Text] = struct{}{}
		}
	}
	_, has := f.names[name]
	return has
}

func (f *fields) add(key, value Node) {
	f.of.Items = append(f.of.Items, key, value)
	if f.names != nil {
		f.names[key.Text] = struct{}{}
	}
}

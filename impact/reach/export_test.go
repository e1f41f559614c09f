package reach

// AskOneByOne sets up to how many classes an inquiry asks one by one.
func (q *Inquiry) AskOneByOne(n int) { q.few = n }

// Bounds are those of the search for what is reached in any number of steps.
type Bounds struct{ Few, HubSize, Leading, Entries int }

// With calls f with other bounds.
func (b Bounds) With(f func()) {
	was := Bounds{few, hubSize, maxLeading, maxEntries}
	set := func(b Bounds) { few, hubSize, maxLeading, maxEntries = b.Few, b.HubSize, b.Leading, b.Entries }
	set(b)
	defer set(was)
	f()
}

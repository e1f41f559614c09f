package reach

// AskOneByOne sets up to how many classes an inquiry asks one by one.
func (q *Inquiry) AskOneByOne(n int) { q.few = n }

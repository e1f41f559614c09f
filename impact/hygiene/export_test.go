package hygiene

// New is what Check(false) finds by a look at everything.
func (c *Change) New() []Remark { return c.check(false, nil) }

// The bounds on what is compared.
const (
	MaxRules = maxRules
	MaxAlike = maxAlike
)

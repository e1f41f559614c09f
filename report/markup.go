package report

// markup writes untrusted words in a format's way.
type markup interface {
	// name writes the name of a thing in the manifests.
	name(string) string
	// text writes prose that may hold such names.
	text(string) string
	// line writes where something stands, as a link where there is one.
	line(side, file string, line int, whole bool) string
}

var (
	_ markup = (*comment)(nil)
	_ markup = htmlMarkup{}
	_ markup = plainMarkup{}
)

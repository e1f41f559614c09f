package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text of untrusted input that no terminal and no reader can be fooled by: one line, no control
// characters, nothing invisible, nothing that turns the direction of writing. What had to go is shown as U+FFFD.
func clean(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	space, marks := false, 0
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = true
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		if unicode.Is(unicode.M, r) {
			// Stacked marks climb over the neighbouring lines.
			if marks++; marks > 2 {
				continue
			}
		} else {
			marks = 0
		}
		if !unicode.IsPrint(r) || blank(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

// plain tells whether clean has nothing to do; nearly every name is so.
func plain(s string) bool {
	space := true
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~' || c == ' ' && space:
			return false
		default:
			space = c == ' '
		}
	}
	return s == "" || !space
}

// blank tells whether a rune is printable by Unicode's word and invisible all the same: Hangul fillers, the Braille
// blank, variation selectors, the grapheme joiner.
func blank(r rune) bool {
	switch r {
	case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0:
		return true
	}
	return unicode.Is(unicode.Variation_Selector, r)
}

// escape makes untrusted input nothing but text in GitHub's markdown, wherever in a line it stands: no element, no
// table cell, no link, no mention, no reference, no emoji. References to characters are enough against the parser; the
// filters that GitHub runs on the parsed text (mentions, issues, addresses) are kept off by a space of no width.
func escape(s string) string {
	s = clean(s)
	var b strings.Builder
	for i, r := range s {
		rest := s[i+utf8.RuneLen(r):]
		switch {
		case r == '.' && www(s[:i]):
			b.WriteString(noWidth)
			reference(&b, r)
		case harmless(s[:i], r, rest):
			b.WriteRune(r)
		default:
			reference(&b, r)
		}
		if splits(s[:i], r, rest) {
			b.WriteString(noWidth)
		}
	}
	return b.String()
}

// harmless tells whether a rune means nothing to markdown where it stands.
func harmless(before string, r rune, rest string) bool {
	switch {
	case r >= utf8.RuneSelf, 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune(" ,/;%?'", r):
		return true
	case r == '-', r == '=', r == '+':
		// At the start of a line each could begin a list or underline a heading.
		return before != "" && !strings.HasPrefix(rest, string(r))
	case r == '.':
		// As in "1. item".
		return strings.Trim(before, "0123456789") != "" || rest != "" && rest[0] != ' '
	case r == ':':
		return !emoji(rest) && !strings.HasPrefix(rest, "/")
	}
	return false
}

const noWidth = "&#8203;"

func reference(b *strings.Builder, r rune) {
	b.WriteString("&#")
	b.WriteString(strconv.Itoa(int(r)))
	b.WriteByte(';')
}

// splits tells whether a space of no width must follow the rune.
func splits(before string, r rune, rest string) bool {
	switch r {
	case '@', '#':
		return rest != "" && rest[0] != ' '
	case ':':
		return strings.HasPrefix(rest, "/") || emoji(rest)
	case '-':
		return len(before) >= 2 && strings.EqualFold(before[len(before)-2:], "GH") && rest != "" && '0' <= rest[0] && rest[0] <= '9'
	}
	return false
}

// www tells whether a dot would make the start of an address.
func www(before string) bool {
	return len(before) >= 3 && strings.EqualFold(before[len(before)-3:], "www")
}

// emoji tells whether what follows a colon completes a name like :tada:.
func emoji(rest string) bool {
	end := strings.IndexByte(rest, ':')
	if end <= 0 {
		return false
	}
	for i := range end {
		c := rest[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '+' || c == '-') {
			return false
		}
	}
	return true
}

// escapeURL writes an address so that it cannot leave the parentheses of a markdown link, or "" if it is not one of the
// web.
func escapeURL(url string) string {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return ""
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(url) {
		switch c := url[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~:/?#=%+,;", c) >= 0:
			b.WriteByte(c)
		case c == '&':
			b.WriteString("&amp;")
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// clip shortens a text to so many characters.
func clip(s string, most int) string {
	if len(s) <= most || utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

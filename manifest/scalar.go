package manifest

import (
	"strconv"
	"strings"
)

type truth uint8

const (
	notBool truth = iota
	isTrue
	isFalse
)

// boolWord tells which boolean a plain scalar is in YAML 1.1, as the API server's clients read it.
func boolWord(s string) truth {
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return isTrue
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return isFalse
	}
	return notBool
}

// plainKind is the type of an unquoted scalar in YAML 1.1 with the JSON schema that Kubernetes clients use
// (sigs.k8s.io/yaml): timestamps and sexagesimal numbers are strings.
func plainKind(s string) Kind {
	if s == "" {
		return Null
	}
	switch c := s[0]; {
	case c == '~' && len(s) == 1:
		return Null
	case c == 'n' || c == 'N':
		if s == "null" || s == "Null" || s == "NULL" {
			return Null
		}
		fallthrough
	case c == 'y' || c == 'Y' || c == 't' || c == 'T' || c == 'f' || c == 'F' || c == 'o' || c == 'O':
		if boolWord(s) != notBool {
			return Bool
		}
		return String
	case c == '+' || c == '-' || c == '.' || c >= '0' && c <= '9':
		return numberKind(s)
	}
	return String
}

func numberKind(s string) Kind {
	switch s {
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN":
		return Float
	}
	if strings.IndexFunc(s, isNotOfNumber) >= 0 {
		return String // most texts that begin with a digit: 100m, 10.0.0.0/8, 30s
	}
	digits := digitsOf(s)
	if isInteger(digits) {
		return Int
	}
	if !isDecimalFloat(digits) {
		return String
	}
	if s[0] == '.' {
		digits = s // clients take these as Go spells them, with underscores between digits alone
	}
	if _, err := strconv.ParseFloat(digits, 64); err == nil {
		return Float
	}
	return String
}

// digitsOf is a number without the underscores that YAML 1.1 allows anywhere in one, not just where Go does.
func digitsOf(s string) string { return strings.ReplaceAll(s, "_", "") }

func isInteger(digits string) bool {
	_, signed := strconv.ParseInt(digits, 0, 64)
	_, unsigned := strconv.ParseUint(digits, 0, 64)
	return signed == nil || unsigned == nil
}

// isNotOfNumber tells which characters no number has, in any base.
func isNotOfNumber(r rune) bool {
	switch {
	case r >= '0' && r <= '9', r >= 'a' && r <= 'f', r >= 'A' && r <= 'F':
		return false
	}
	return !strings.ContainsRune("+-._xXoO", r)
}

// isDecimalFloat matches [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?, YAML 1.1's decimal numbers.
func isDecimalFloat(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "+"), "-")
	digits := func() int {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n
	}
	whole := digits()
	fraction := 0
	if strings.HasPrefix(s, ".") {
		s = s[1:]
		if fraction = digits(); whole == 0 && fraction == 0 {
			return false
		}
	} else if whole == 0 {
		return false
	}
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return digits() > 0 && s == ""
}

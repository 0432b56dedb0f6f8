package model

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// accepts reports whether a converter takes a decoded value. The emitted runtime has the same rules.
func accepts(converter, value string) bool {
	if value == "" {
		return false
	}
	every := func(ok func(r rune) bool) bool {
		return utf8.ValidString(value) && strings.IndexFunc(value, func(r rune) bool { return !ok(r) }) < 0
	}
	isDigit := func(r rune) bool { return '0' <= r && r <= '9' }
	switch converter {
	case "int":
		n, err := strconv.ParseUint(value, 10, 64)
		return every(isDigit) && err == nil && n <= math.MaxInt64
	case "slug":
		return every(func(r rune) bool {
			return isDigit(r) || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-' || r == '_'
		})
	case "word":
		return every(func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) })
	case "uuid":
		return isUUID(value)
	case "str":
		return utf8.ValidString(value) && !strings.Contains(value, "/")
	}
	return utf8.ValidString(value) // path
}

// isUUID reports whether s is a UUID in lower case, as Django's converter wants it.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := '0' <= s[i] && s[i] <= '9' || 'a' <= s[i] && s[i] <= 'f'
		if dash != (s[i] == '-') || !dash && !hex {
			return false
		}
	}
	return true
}

// includes reports whether converter a takes every value that b takes.
func includes(a, b string) bool {
	switch a {
	case b, "path":
		return true
	case "str":
		return b != "path"
	case "slug":
		return b == "int" || b == "uuid"
	case "word":
		return b == "int"
	}
	return false
}

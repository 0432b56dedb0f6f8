package ws

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Params are the parameters of a matched path. They are immutable.
type Params struct {
	list []param
}

// param is one parameter; number is set where its converter is int.
type param struct {
	name, text string
	number     int64
}

// String returns the text of the parameter, decoded, and "" where the route has none of that name.
func (p Params) String(name string) string {
	for _, q := range p.list {
		if q.name == name {
			return q.text
		}
	}
	return ""
}

// Int64 returns the number of an int parameter, and 0 where the route has no int parameter of that name.
func (p Params) Int64(name string) int64 {
	for _, q := range p.list {
		if q.name == name {
			return q.number
		}
	}
	return 0
}

// converter says which texts a parameter takes. They are those of Django.
type converter uint8

const (
	convertStr converter = iota
	convertInt
	convertSlug
	convertUUID
	convertWord
	convertPath
)

// converters names the converters as a pattern does. It is never changed.
var converters = map[string]converter{
	"str": convertStr, "int": convertInt, "slug": convertSlug, "uuid": convertUUID, "word": convertWord, "path": convertPath,
}

// convert reads a decoded text, and reports whether the converter takes it.
func (c converter) convert(text string) (number int64, ok bool) {
	switch c {
	case convertStr:
		ok = !strings.Contains(text, "/") // which an encoded slash has become
	case convertInt:
		return convertDigits(text)
	case convertSlug:
		ok = everyByte(text, isSlugByte)
	case convertUUID:
		ok = isUUID(text)
	case convertWord:
		// What Python's \w takes: marks that combine with a letter are not among it.
		ok = strings.IndexFunc(text, func(r rune) bool {
			return r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r)
		}) < 0
	case convertPath:
		ok = true
	}
	return 0, ok && text != ""
}

// convertDigits reads ASCII digits that fit int64; a sign is no digit.
func convertDigits(text string) (int64, bool) {
	if !everyByte(text, func(b byte) bool { return '0' <= b && b <= '9' }) {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return int64(n & math.MaxInt64), err == nil && n <= math.MaxInt64
}

// isUUID reports whether the text is a UUID in lower case: 8-4-4-4-12 digits.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, b := range []byte(text) {
		switch i {
		case 8, 13, 18, 23:
			if b != '-' {
				return false
			}
		default:
			if !('0' <= b && b <= '9' || 'a' <= b && b <= 'f') {
				return false
			}
		}
	}
	return true
}

// isSlugByte reports whether a slug may hold the byte.
func isSlugByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_'
}

// everyByte reports whether all bytes of a non-empty text satisfy f.
func everyByte(text string, f func(byte) bool) bool {
	for _, b := range []byte(text) {
		if !f(b) {
			return false
		}
	}
	return text != ""
}

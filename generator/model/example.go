package model

import (
	"slices"
	"strconv"
	"strings"
)

// chooseExamples gives each parameter a value that its converter accepts, such that the path with these values leads to the
// route itself and not to a more specific one.
func chooseExamples(shapes []*shape) {
	literals := map[string]bool{}
	for _, s := range shapes {
		for _, r := range s.routes {
			for _, segment := range r.Segments {
				literals[segment.Literal] = true
			}
		}
	}
	chosen := map[string]string{}
	for _, converter := range converters() {
		chosen[converter] = example(converter, literals)
	}
	for _, s := range shapes {
		rest := restExample(s, shapes, literals)
		for _, r := range s.routes {
			for _, segment := range r.Segments {
				switch {
				case segment.Param == nil:
				case segment.Param.Converter == "path":
					segment.Param.Example = rest
				default:
					segment.Param.Example = chosen[segment.Param.Converter]
				}
			}
		}
	}
}

// example returns a value for one segment that is not a literal of any route.
func example(converter string, literals map[string]bool) string {
	for n := 1; ; n++ {
		var value string
		switch converter {
		case "int":
			value = strconv.Itoa(6 + n)
		case "uuid":
			value = "6f9619ff-8b86-4d01-b42d-" + strings.Repeat("0", 12-len(strconv.Itoa(n))) + strconv.Itoa(n)
		default:
			value = "lobby"
			if n > 1 {
				value += strconv.Itoa(n)
			}
		}
		if !literals[value] {
			return value
		}
	}
}

// restExample returns a value for the parameter at the end of a kind of path that takes all that is left. Its number of
// segments is one that no narrower kind takes with parameters alone, where there is such a number.
func restExample(s *shape, shapes []*shape, literals map[string]bool) string {
	word := example("str", literals)
	if !strings.HasSuffix(s.kind, string(kindRest)) {
		return ""
	}
	head := len(s.kind) - 1
	taken := func(n int) bool {
		return slices.ContainsFunc(shapes, func(other *shape) bool {
			if other == s || len(other.kind) <= head {
				return false
			}
			r := relate(s.kind, other.kind)
			tail := other.kind[head:]
			if r.disjoint || r.bWider || strings.ContainsAny(tail, string([]rune{kindLiteral, kindEnd})) {
				return false
			}
			return len(tail) == n || len(tail) < n && strings.HasSuffix(tail, string(kindRest))
		})
	}
	for _, n := range []int{2, 1, 3, 4, 5, 6, 7, 8} {
		if !taken(n) {
			return word + strings.Repeat("/"+word, n-1)
		}
	}
	return word + "/" + word
}

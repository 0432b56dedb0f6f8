package model

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"wsgen/generator/spec"
)

// maxPath is how long a path may be, in bytes; every server and proxy takes as much.
const maxPath = 1024

// fault is a problem with a part of a path.
type fault struct {
	code     string
	from, to int // bytes of the path
	fact     string
	hint     string
}

// parsePath reads a path of the spec and reports every fault in it. The segments are complete when there is none; their
// parameters lack the example.
func parsePath(path string) (segments []Segment, faults []fault) {
	whole := func(code, fact, hint string) []fault { return []fault{{code, 0, len(path), fact, hint}} }
	switch {
	case path == "":
		return nil, whole(spec.CodePath, "a path is empty", `write a path such as "/ws/chat"`)
	case path[0] == '^' || strings.Contains(path, "(?P<"):
		return nil, whole(spec.CodePath, "a regular expression is not a path",
			`write parameters as {name:converter}, as in "/ws/chat/{room:slug}"`)
	case path[0] != '/':
		return nil, whole(spec.CodePath, "a path starts with a slash", "write "+spec.Quote("/"+path))
	case len(path) > maxPath:
		return nil, whole(spec.CodePath, "a path has at most "+strconv.Itoa(maxPath)+" bytes", "write a shorter one")
	}
	if from := strings.Index(path, ":re:"); from > 0 && strings.Contains(path[:from], "{") {
		return nil, []fault{{spec.CodeUnsupported, from + 1, from + 3, "the converter re is not supported by this version",
			"the nearest converters are slug and word"}}
	}
	seen := map[string]bool{}
	for from := 1; from <= len(path); {
		to := len(path)
		if i := strings.IndexByte(path[from:], '/'); i >= 0 {
			to = from + i
		}
		s, f := parseSegment(path[from:to], to == len(path))
		switch {
		case f != nil:
			f.from, f.to = from+f.from, from+f.to
			faults = append(faults, *f)
		case s.Param != nil && seen[s.Param.Name]:
			faults = append(faults, fault{spec.CodeParamTwice, from, to,
				"the parameter " + spec.Quote(s.Param.Name) + " stands twice in the path", "give one of them another name"})
		case s.Param != nil:
			seen[s.Param.Name] = true
		}
		segments = append(segments, s)
		from = to + 1
	}
	return segments, append(faults, wholePathFaults(path, segments, len(faults) == 0)...)
}

// wholePathFaults reports what is wrong with a path as a whole. Sound says that each segment is well formed.
func wholePathFaults(path string, segments []Segment, sound bool) []fault {
	switch {
	case isTaken(path):
		return []fault{{spec.CodeTakenPath, 0, len(path), "the service answers " + spec.Quote(path) + " itself",
			"put the route under /ws/, for one"}}
	case sound && segments[0].Param != nil:
		return []fault{{spec.CodeParamFirst, 1, 1 + strings.IndexByte(path[1:]+"/", '/'), "a path does not start with a parameter",
			"write " + spec.Quote("/ws"+path)}}
	}
	return nil
}

// isTaken reports whether an emitted service answers a path before any route is asked.
func isTaken(path string) bool {
	return strings.HasPrefix(path, "/client/") || slices.Contains([]string{"/", "/healthz", "/readyz", "/metrics"}, path)
}

// parseSegment reads one segment, whose fault has places relative to it. An empty segment is possible in last place: the path
// then ends with a slash.
func parseSegment(text string, last bool) (Segment, *fault) {
	whole := func(code, fact, hint string) (Segment, *fault) {
		return Segment{}, &fault{code, 0, len(text), fact, hint}
	}
	switch {
	case text == "" && last:
		return Segment{}, nil
	case text == "":
		return whole(spec.CodePath, "a path has no two slashes in a row", "remove one of them")
	case text == "." || text == "..":
		return whole(spec.CodeSegment, "the segment "+spec.Quote(text)+" never arrives, for browsers resolve it", "remove it")
	case text[0] == ':' && len(text) > 1:
		return whole(spec.CodeParam, spec.Quote(text)+" is not a parameter", "write "+spec.Quote("{"+text[1:]+"}"))
	case text[0] == '<' && text[len(text)-1] == '>':
		return whole(spec.CodeParam, spec.Quote(text)+" is not a parameter", "write "+spec.Quote(fromDjango(text[1:len(text)-1])))
	case strings.ContainsAny(text, "{}"):
		return parseParam(text, last)
	}
	return parseLiteral(text)
}

// fromDjango turns "int:id" of <int:id> into {id:int}.
func fromDjango(inner string) string {
	if converter, name, ok := strings.Cut(inner, ":"); ok {
		return "{" + name + ":" + converter + "}"
	}
	return "{" + inner + "}"
}

// parseLiteral reads a segment that is matched as it stands.
func parseLiteral(text string) (Segment, *fault) {
	for i, r := range text {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || strings.ContainsRune("-._~@:+,=", r) {
			continue
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		character := text[i : i+size]
		f := &fault{code: spec.CodeSegment, from: i, to: i + len(character),
			fact: "a path cannot hold the character " + spec.Quote(character)}
		switch r {
		case '%':
			f.hint = "write the character itself, not its encoding"
		case '*':
			f.hint = "a parameter for all that is left is {name:path}"
		case '?', '#':
			f.hint = "a path ends before the query"
		case ' ':
			f.hint = "write - or _"
		default:
			f.hint = "write letters, digits and - . _ ~ @ : + , ="
		}
		return Segment{}, f
	}
	return Segment{Literal: text}, nil
}

// parseParam reads a segment that has a brace.
func parseParam(text string, last bool) (Segment, *fault) {
	whole := func(code, fact, hint string) (Segment, *fault) {
		return Segment{}, &fault{code, 0, len(text), fact, hint}
	}
	if text[0] != '{' || text[len(text)-1] != '}' || strings.Count(text, "{") != 1 || strings.Count(text, "}") != 1 {
		return whole(spec.CodeParam, "a segment is one literal or one parameter, not "+spec.Quote(text),
			"write {name} or {name:converter} between two slashes")
	}
	inner := text[1 : len(text)-1]
	name, converter, given := strings.Cut(inner, ":")
	if !given {
		converter = "str"
	}
	isConverter := slices.Contains(converters(), converter)
	switch {
	case inner == "$" || strings.HasPrefix(inner, "*") || strings.HasSuffix(inner, "..."):
		return whole(spec.CodeParam, spec.Quote(text)+" is not a parameter", "a parameter for all that is left is {name:path}")
	case given && !isConverter && slices.Contains(converters(), name):
		return whole(spec.CodeConverter, "the converter stands after the name", "write "+spec.Quote("{"+converter+":"+name+"}"))
	}
	if p := checkParamName(name); !p.isZero() {
		return Segment{}, &fault{spec.CodeParamName, 1, max(1+len(name), 2),
			"the parameter name " + spec.Quote(name) + " " + p.fact, p.hint}
	}
	at := 2 + len(name)
	switch {
	case !isConverter:
		hint := spec.DidYouMean(converter, converters())
		if hint == "" {
			hint = "write one of " + strings.Join(converters(), ", ")
		}
		return Segment{}, &fault{spec.CodeConverter, at, max(at+len(converter), at+1), "unknown converter " + spec.Quote(converter), hint}
	case converter == "path" && !last:
		return Segment{}, &fault{spec.CodePathNotLast, at, at + len(converter), "path takes all that is left, so that nothing can follow",
			"move the parameter to the end, or use str"}
	}
	return Segment{Param: newParam(name, converter)}, nil
}

// checkParamName judges the name of a parameter.
func checkParamName(name string) problem {
	const rule = "write letters (a to z, A to Z), digits and _, starting with a letter"
	switch {
	case name == "":
		return problem{"is empty", rule}
	case len(name) > maxName:
		return problem{"is longer than " + strconv.Itoa(maxName) + " characters", "write a shorter one"}
	case strings.Trim(name, " ") != name:
		return problem{"has a space", "write " + spec.Quote(strings.Trim(name, " "))}
	case !isLowerOrDigit(name[0]|0x20) || name[0] <= '9':
		return problem{"does not start with a letter", rule}
	case strings.IndexFunc(name, func(r rune) bool {
		return r != '_' && (r > 'z' || !isUpper(byte(r)) && !isLowerOrDigit(byte(r)))
	}) >= 0:
		return problem{"is not a name in Go and JavaScript", rule}
	case isObjectMember(name):
		return problem{"is a member of every JavaScript object", "add a word, as in " + spec.Quote("the_"+name)}
	}
	return problem{}
}

// newParam derives every name of a parameter. Its example is chosen later.
func newParam(name, converter string) *Param {
	p := &Param{Name: name, Converter: converter, Field: exported(name), GoType: "string", Getter: "String", JSType: "string"}
	if converter == "int" {
		p.GoType, p.Getter, p.JSType = "int64", "Int64", "number | bigint | string"
	}
	return p
}

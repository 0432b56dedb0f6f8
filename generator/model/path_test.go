package model

import (
	"go/token"
	"strings"
	"testing"

	"wsgen/generator/spec"
)

func TestAccepts(t *testing.T) {
	for converter, values := range map[string]struct{ yes, no []string }{
		"str":  {[]string{"a", "a b", "é", "{}", "."}, []string{"", "a/b", "\xff"}},
		"int":  {[]string{"0", "007", "9223372036854775807"}, []string{"", "-1", "+1", "1.0", "٣", "9223372036854775808", "1_0", "99999999999999999999"}},
		"slug": {[]string{"a-B_9"}, []string{"", "é", "a b", "a.b"}},
		"word": {[]string{"a_9", "é", "中", "٣", "²"}, []string{"", "a-b", "a b", "e\u0301"}},
		"uuid": {[]string{"6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}, []string{"", "6F9619FF-8B86-4D01-B42D-00CF4FC964FF", "6f9619ff8b864d01b42d00cf4fc964ff", "6f9619ff-8b86-4d01-b42d-00cf4fc964fg", "6f9619ff-8b86-4d01-b42d+00cf4fc964ff"}},
		"path": {[]string{"a", "a/b", "/", "a//b/"}, []string{"", "\xff"}},
	} {
		for _, v := range values.yes {
			if !accepts(converter, v) {
				t.Errorf("%s refuses %q", converter, v)
			}
		}
		for _, v := range values.no {
			if accepts(converter, v) {
				t.Errorf("%s takes %q", converter, v)
			}
		}
	}
}

// TestIncludes checks the table of which converter takes all that another takes, on values that tell them apart.
func TestIncludes(t *testing.T) {
	values := []string{"7", "a", "a-b", "é", "a b", "a/b", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}
	for _, a := range converters() {
		for _, b := range converters() {
			want := true
			for _, v := range values {
				want = want && (accepts(a, v) || !accepts(b, v))
			}
			if includes(a, b) != want {
				t.Errorf("%s takes all that %s takes: %v, want %v", a, b, !want, want)
			}
		}
	}
}

// FuzzPath holds parsePath to its promises: no path crashes it, its faults lie inside the path, and a path without a fault
// is made of the segments that it is parsed into.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"/ws/chat/{room:slug}", "/ws/{a:re:[/]}", "/{", "/ws/%zz", "^ws/$", "/ws/{p:path}", "/ws/é/", "/ws/\xff"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		segments, faults := parsePath(path)
		for _, fault := range faults {
			if fault.from < 0 || fault.from > fault.to || fault.to > len(path)+1 || fault.fact == "" {
				t.Fatalf("parsePath(%q): fault %+v", path, fault)
			}
			if _, ok := spec.Explain(fault.code); !ok {
				t.Fatalf("parsePath(%q): unknown code %s", path, fault.code)
			}
		}
		if len(faults) > 0 {
			return
		}
		var b strings.Builder
		for _, s := range segments {
			b.WriteString("/" + s.Literal)
			if s.Param != nil {
				b.WriteString("{" + s.Param.Name)
				if strings.Contains(path, "{"+s.Param.Name+":") {
					b.WriteString(":" + s.Param.Converter)
				}
				b.WriteString("}")
				if !token.IsIdentifier(s.Param.Field) || !token.IsExported(s.Param.Field) {
					t.Fatalf("%q: the field %q is not an exported identifier", path, s.Param.Field)
				}
			}
		}
		if b.String() != path || strings.ContainsAny(path, "\x00\r\n\"'`\\<>$;&|() ") {
			t.Fatalf("%q became %q", path, b.String())
		}
	})
}

package spec

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzParse holds Parse to its promises for any bytes: it returns, each finding lies inside the source and has a code that
// can be explained, and the printed form of the findings commands no terminal.
func FuzzParse(f *testing.F) {
	specs, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(specs) == 0 {
		f.Fatalf("no specs in testdata: %v", err)
	}
	for _, path := range specs {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, ds := Parse("wsgen.yaml", src)
		if file.Invalid != ds.HasErrors() || file.Partial && !file.Invalid {
			t.Fatalf("invalid %v, partial %v, %d findings", file.Invalid, file.Partial, len(ds))
		}
		for _, d := range ds {
			if _, ok := Explain(d.Code); !ok || d.Message == "" {
				t.Fatalf("finding %+v", d)
			}
			checkSpan(t, src, d.Span)
			for _, r := range d.Related {
				checkSpan(t, src, r.Span)
			}
		}
		for _, r := range file.Routes {
			checkSpan(t, src, r.Path.Span)
			checkSpan(t, src, file.Part(r.Path, 0, min(1, len(r.Path.Value))))
		}
		text := ds.Format(file, false)
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) }); i >= 0 || !utf8.ValidString(text) {
			t.Fatalf("unprintable at %d of %q", i, text)
		}
	})
}

// checkSpan fails the test for a span that is not inside the line that it names.
func checkSpan(t *testing.T, src []byte, s Span) {
	t.Helper()
	if s == (Span{}) {
		return
	}
	p := newPositions(src)
	if s.Line < 1 || s.Line > len(p.start) || s.Column < 1 || s.Bytes < 1 ||
		s.Offset < p.start[s.Line-1] || s.Offset+s.Bytes > p.lineEnd(s.Line)+1 {
		t.Fatalf("the span %+v does not lie in %q", s, src)
	}
	if got := utf8.RuneCount(src[p.start[s.Line-1]:s.Offset]) + 1; got != s.Column {
		t.Fatalf("the span %+v has column %d of %q", s, got, src)
	}
}

package spec

import (
	"strings"
	"testing"
)

func TestFormatColors(t *testing.T) {
	f, ds := Parse("wsgen.yaml", []byte("version: 2\nversion: 1\nservice: a\nmodule: b\n"))
	plain, colored := ds.Format(f, false), ds.Format(f, true)
	if strings.Contains(plain, "\x1b") {
		t.Errorf("the plain form has escape sequences: %q", plain)
	}
	if !strings.Contains(colored, "\x1b[31;1merror WS0105") {
		t.Errorf("the colored form lacks the color of an error: %q", colored)
	}
	ds[0].Severity = Warning
	if colored = ds.Format(f, true); !strings.Contains(colored, "\x1b[33;1mwarning WS0105") {
		t.Errorf("the colored form lacks the color of a warning: %q", colored)
	}
}

func TestFormatStopsAtAThousand(t *testing.T) {
	f, ds := Parse("wsgen.yaml", []byte(strings.Repeat("a: b\n", 1500)))
	text := ds.Format(f, false)
	if n := strings.Count(text, ": error "); n != 1000 || len(ds) != 1503 {
		t.Errorf("%d of %d findings are shown", n, len(ds))
	}
	if !strings.HasSuffix(text, "\nwsgen.yaml: and 503 more\n") {
		t.Errorf("the end is %q", text[len(text)-100:])
	}
}

// TestFormatNameAndHint checks that neither a file's name nor any part of a finding reaches the terminal as a command.
func TestFormatNameAndHint(t *testing.T) {
	d := Diagnostic{Code: "WS0000", Message: "\x1b[2J", Hint: "\u202e", Related: []Related{{Message: "\r"}}}
	got := Diagnostics{d}.Format(&File{Name: "\x07.yaml"}, false)
	want := "�.yaml: error WS0000: �[2J\n  �\n�.yaml: �\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestCodes checks that each code stands in the table once, in order and with a text, and that no finding of the tests
// lacks one.
func TestCodes(t *testing.T) {
	last := ""
	for _, e := range Explanations() {
		if e.Code <= last || len(e.Code) != 6 || e.Title == "" || !strings.HasSuffix(strings.TrimSpace(e.Text), ".") && e.Code != CodeEmpty {
			t.Errorf("%+v after %s", e, last)
		}
		last = e.Code
	}
	if _, ok := Explain("WS9999"); ok {
		t.Error("WS9999 is explained")
	}
}

package spec

import (
	"bytes"
	"errors"
	"testing"
)

// TestSplicesKeepTheLayout: what is spliced into a canonical spec, or out of it, leaves it canonical.
func TestSplicesKeepTheLayout(t *testing.T) {
	spliced := 0
	for seed := range uint64(400) {
		f, _ := Parse("wsgen.yaml", randomSpec(seed))
		source, err := f.Formatted()
		if err != nil {
			t.Fatal(err)
		}
		if f, _ = Parse("wsgen.yaml", source); !f.has("routes") || !f.has("consumers") {
			continue // a section that is missing is opened at the end
		}
		check := func(what string, text []byte, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v\n%s", what, err, source)
			}
			g, ds := Parse("wsgen.yaml", text)
			if ds.HasErrors() {
				t.Fatalf("%s:\n%s\n%s", what, ds.Format(g, false), text)
			}
			again, err := g.Formatted()
			if err != nil || !bytes.Equal(again, text) {
				t.Fatalf("%s makes of\n%s\n\n%s\nwhich is laid out as\n%s (%v)", what, source, text, again, err)
			}
			spliced++
		}
		text, err := f.Add(Addition{Consumer: "new", Mode: "sync", Path: "/ws/new"})
		check("add", text, err)
		text, err = f.Rename("other", "example.com/other")
		check("rename", text, err)
		for _, c := range f.Consumers {
			text, err = f.Remove(Removal{Consumer: c.Name.Value})
			check("remove consumer "+c.Name.Value, text, err)
			text, err = f.RenameConsumer(c.Name.Value, "another")
			check("rename consumer "+c.Name.Value, text, err)
		}
		for _, r := range f.Routes {
			text, err = f.Remove(Removal{Path: r.Path.Value})
			check("remove route "+r.Path.Value, text, err)
		}
	}
	if spliced < 800 {
		t.Errorf("only %d splices were tried", spliced)
	}
}

// has says whether a key of the document is there.
func (f *File) has(key string) bool { return (&splicer{file: f}).section(key) >= 0 }

// TestLayoutOpens: what nothing can be spliced into can be, once it is laid out, as the error says.
func TestLayoutOpens(t *testing.T) {
	for _, source := range []string{
		"{version: 1, service: a, module: b, consumers: {a: sync}}\n",
		head + "consumers: {a: sync}\nroutes: {/ws/b: a}\n",
		head + "consumers: {a: sync}\nroutes: {\n}\n",
		head + "consumers: {a: sync}\nroutes:\n  {}\n",
		head + "consumers:\n  ? a\n  : sync\n? routes\n:\n",
	} {
		f, _ := Parse("wsgen.yaml", []byte(source))
		var refused *UnsafeSpliceError
		a := Addition{Consumer: "c", Mode: "sync", Path: "/ws/c"}
		if _, err := f.Add(a); !errors.As(err, &refused) {
			t.Fatalf("%q can be added to (%v)", source, err)
		}
		text, err := f.Formatted()
		if err != nil {
			t.Fatal(err)
		}
		f, _ = Parse("wsgen.yaml", text)
		if _, err := f.Add(a); err != nil {
			t.Errorf("%s\ncannot be added to: %v", text, err)
		}
		if _, err := f.Remove(Removal{Consumer: "a"}); err != nil {
			t.Errorf("nothing can be removed from\n%s: %v", text, err)
		}
	}
}

package spec

import (
	"strings"
	"testing"
)

func TestRename(t *testing.T) {
	for before, after := range map[string]string{
		"version: 1\nservice: a # its name\nmodule: example.com/a\n":       "version: 1\nservice: yes-we # its name\nmodule: b.test/x/y\n",
		"module: 'm'\r\nservice: \"a\"\r\nversion: 1\r\n":                  "module: 'b.test/x/y'\r\nservice: \"yes-we\"\r\nversion: 1\r\n",
		"\ufeffversion: 1\nservice: é\nmodule: m\nstreams: {é: {ttl: 1h}}": "\ufeffversion: 1\nservice: yes-we\nmodule: b.test/x/y\nstreams: {é: {ttl: 1h}}",
		"{version: 1, service: a, module: m}\n":                            "{version: 1, service: yes-we, module: b.test/x/y}\n",
	} {
		f, ds := Parse("wsgen.yaml", []byte(before))
		if len(ds) > 0 {
			t.Fatalf("%q is not valid:\n%s", before, ds.Format(f, false))
		}
		got, err := f.Rename("yes-we", "b.test/x/y")
		if err != nil || string(got) != after {
			t.Errorf("%q became\n%q\n(%v), want\n%q", before, got, err, after)
		}
		same, err := f.Rename(f.Service.Value, f.Module.Value)
		if err != nil || string(same) != before {
			t.Errorf("%q, renamed to what it is, became %q (%v)", before, same, err)
		}
	}
}

// What YAML would take for something else gets quotes, and what has none goes nowhere.
func TestRenameToWordsOfYAML(t *testing.T) {
	f, _ := Parse("wsgen.yaml", []byte("version: 1\nservice: a\nmodule: m\n"))
	got, err := f.Rename("yes", "null")
	if want := "version: 1\nservice: \"yes\"\nmodule: \"null\"\n"; err != nil || string(got) != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	if got, err := f.Rename("a\nb", "\xff"); err == nil {
		t.Errorf("a name that is not UTF-8 went into %q", got)
	}
	f, _ = Parse("wsgen.yaml", []byte("service: a\n"))
	if got, err := f.Rename("b", "m"); err == nil || !strings.Contains(err.Error(), "correct it first") {
		t.Errorf("a spec with errors became %q (%v)", got, err)
	}
}

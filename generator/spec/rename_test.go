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

func TestRenameConsumer(t *testing.T) {
	for before, after := range map[string]string{
		head + "routes:\n  /ws/chat: chat # to chat\n  /ws/b: b\n  '/ws/c':   'chat'\nconsumers:\n  b: sync\n  \"chat\":\r\n    mode: sync\n": head +
			"routes:\n  /ws/chat: room_2 # to chat\n  /ws/b: b\n  '/ws/c':   'room_2'\nconsumers:\n  b: sync\n  \"room_2\":\r\n    mode: sync\n",
		"{version: 1, service: a, module: m, routes: {/é: chat,/b: chat}, consumers: {chat: sync}}": "{version: 1, service: a, module: m, routes: {/é: room_2,/b: room_2}, consumers: {room_2: sync}}",
		head + "consumers:\n  ? chat\n  : sync":                                                     head + "consumers:\n  ? room_2\n  : sync",
	} {
		f, ds := Parse("wsgen.yaml", []byte(before))
		if len(ds) > 0 {
			t.Fatalf("%q is not valid:\n%s", before, ds.Format(f, false))
		}
		got, err := f.RenameConsumer("chat", "room_2")
		if err != nil || string(got) != after {
			t.Fatalf("%q became\n%q\n(%v), want\n%q", before, got, err, after)
		}
		f, _ = Parse("wsgen.yaml", got)
		if back, err := f.RenameConsumer("room_2", "chat"); err != nil || string(back) != before {
			t.Errorf("%q, renamed and back, became %q (%v)", before, back, err)
		}
	}
}

// Quotes that only YAML asks for go with the name that needs them; those that somebody chose stay.
func TestRenameConsumerThroughAWordOfYAML(t *testing.T) {
	for _, name := range []string{"on", "yes", "null", "n"} {
		for _, before := range []string{
			head + "routes:\n  /ws/chat: chat # to chat\nconsumers:\n  chat: async\n",
			head + "routes: {/ws/chat: 'chat'}\nconsumers:\n  'chat': async\n",
		} {
			f, _ := Parse("wsgen.yaml", []byte(before))
			there, err := f.RenameConsumer("chat", name)
			if err != nil {
				t.Fatal(err)
			}
			f, _ = Parse("wsgen.yaml", there)
			if back, err := f.RenameConsumer(name, "chat"); err != nil || string(back) != before {
				t.Errorf("%q, renamed to %s, is\n%q, and back\n%q (%v)", before, name, there, back, err)
			}
		}
	}
}

func TestRenameConsumerRefuses(t *testing.T) {
	sound := head + "consumers:\n  a: sync\n  b: sync\n"
	for _, tc := range []struct{ source, old, name, want string }{
		{sound, "a", "b", `wsgen.yaml:6:3: there is a consumer "b" already`},
		{sound, "c", "d", `wsgen.yaml: there is no consumer "c"`},
		{sound, "a", "", "a consumer has a name, in UTF-8"},
		{sound, "a", "\xff", "a consumer has a name, in UTF-8"},
		{"consumers:\n  a: sync\n", "a", "b", "wsgen.yaml: a spec that has errors is not changed; correct it first"},
	} {
		f, _ := Parse("wsgen.yaml", []byte(tc.source))
		if got, err := f.RenameConsumer(tc.old, tc.name); got != nil || err == nil || err.Error() != tc.want {
			t.Errorf("from %q to %q: got %q and error %v, want %s", tc.old, tc.name, got, err, tc.want)
		}
	}
}

// FuzzRenameConsumer holds it to its promise: there and back again is where it began, whatever the source and the name.
func FuzzRenameConsumer(f *testing.F) {
	f.Add([]byte(head+"routes: {/é: chat}\nconsumers:\n  chat: # c\n    mode: sync\n"), "room")
	f.Add([]byte(head+"routes:\n  /a: 'chat'\nconsumers:\n  \"chat\": sync\n"), "yes")
	f.Fuzz(func(t *testing.T, source []byte, name string) {
		file, _ := Parse("wsgen.yaml", source)
		if len(file.Consumers) == 0 {
			return
		}
		old := file.Consumers[0].Name.Value
		got, err := file.RenameConsumer(old, name)
		if err != nil {
			return
		}
		again, _ := Parse("wsgen.yaml", got)
		back, err := again.RenameConsumer(name, old)
		if err != nil || !Same(back, source) {
			t.Fatalf("%q\nis, renamed to %q and back,\n%q (%v)", source, name, back, err)
		}
		if isPlain(old) && isPlain(name) && string(back) != string(source) {
			t.Fatalf("%q\nis, renamed to %q and back,\n%q", source, name, back)
		}
	})
}

package spec

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// removeCase is a source of which Remove is to take the lines that start with "-".
type removeCase struct {
	remove Removal
	source string
}

func removeCases() map[string]removeCase {
	chat := Removal{Consumer: "chat"}
	return map[string]removeCase{
		"comments above stay, those behind go": {chat, head + `# routes
routes:   # path: consumer
    "/ws/echo": echo   # keep
    # to the chat
-    /ws/chat/{room:slug}: chat # every room

    # about b
    /ws/b/{id:int}: echo
-    '/ws/b': 'chat'

  # far
consumers:
  # who they are

-  chat: async   # many at once
-                # and so on
  # the first
  echo: sync
`},
		"an entry of many lines": {chat, head + `consumers:
  # the chat
-  chat:   # with much to say
-    mode: async
-
-    # about the concurrency
-    concurrency: 4
-
-    # more
  # the echo
  echo:
    mode: sync
    # its own
routes: {/ws/echo: echo}
`},
		"flow value of several lines": {chat, head + `consumers:
-  chat: {mode: async,
-    # four
-    concurrency: 4
-    }
  echo: sync
`},
		"the last entries": {chat, head + `routes:
-  /ws/chat: chat
    # indented by accident

# and now
consumers:
-  chat: async
`},
		"document end":     {chat, "---\n" + head + "consumers:\n  a: sync\n-  chat: async\n... # over\n"},
		"indented root":    {chat, strings.ReplaceAll("\n"+head, "\n", "\n  ")[1:] + "consumers:\n    a: sync\n-    chat: async\n  routes:\n-    /ws/a: chat\n"},
		"byte order mark":  {Removal{Path: "/ws/é"}, "\ufeff" + head + "routes:\n-  \"/ws/é\": b # é\n  /ws/café: b\nconsumers: {b: sync}\n"},
		"the first line":   {Removal{Path: "/ws/a"}, "routes:\n-  /ws/a: a\n  /ws/b: a\n" + head + "consumers: {a: sync}"},
		"route alone":      {Removal{Path: "/ws/a"}, head + "routes:\n-  /ws/a: chat\n  /ws/b: chat\nconsumers:\n  chat: sync\n"},
		"a dangling route": {chat, head + "routes:\n-  /ws/a: chat\n  /ws/b: b\nconsumers:\n  b: sync\n"},
	}
}

func TestRemove(t *testing.T) {
	for name, tc := range removeCases() {
		t.Run(name, func(t *testing.T) {
			t.Run("LF", func(t *testing.T) { checkRemove(t, tc.remove, tc.source) })
			t.Run("CRLF", func(t *testing.T) { checkRemove(t, tc.remove, strings.ReplaceAll(tc.source, "\n", "\r\n")) })
			t.Run("no final newline", func(t *testing.T) { checkRemove(t, tc.remove, strings.TrimSuffix(tc.source, "\n")) })
		})
	}
}

// checkRemove expects Remove to take the marked lines out.
func checkRemove(t *testing.T, r Removal, marked string) {
	t.Helper()
	var source, want string
	for _, line := range strings.SplitAfter(marked, "\n") {
		gone, marked := strings.CutPrefix(line, "-")
		switch {
		case strings.HasPrefix(line, "---"):
			source, want = source+line, want+line
		case marked:
			source += gone
			if !strings.HasSuffix(line, "\n") { // the last line before loses its line ending
				want = strings.TrimSuffix(strings.TrimSuffix(want, "\n"), "\r")
			}
		default:
			source, want = source+line, want+line
		}
	}
	f, ds := Parse("wsgen.yaml", []byte(source))
	if len(ds) > 0 {
		t.Fatalf("the source is not valid:\n%s", ds.Format(f, false))
	}
	got, err := f.Remove(r)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRemoveRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ source, want string }{
		"flow document": {"{version: 1, service: a, module: b, consumers: {a: sync}}\n", "wsgen.yaml:1:1: the spec is in flow style; " +
			"nothing is written: take this out by hand, then run wsgen remove consumer a; or run wsgen fmt first\n\n    consumers:\n      a: sync"},
		"flow section": {head + "consumers:\n  a: sync\nroutes: {/ws/b: a}\n", "wsgen.yaml:6:9: routes is in flow style; " +
			"nothing is written: take this out by hand, then run wsgen remove consumer a; or run wsgen fmt first\n\n    routes:\n      /ws/b: a\n    consumers:\n      a: sync"},
		"explicit key": {head + "consumers:\n  ? a\n  : sync\n", "wsgen.yaml:5:5: the entry does not begin with its key; " +
			"nothing is written: take this out by hand, then run wsgen remove consumer a; or run wsgen fmt first\n\n    consumers:\n      a: sync"},
	} {
		f, ds := Parse("wsgen.yaml", []byte(tc.source))
		if len(ds) > 0 {
			t.Fatalf("%s: not valid:\n%s", name, ds.Format(f, false))
		}
		got, err := f.Remove(Removal{Consumer: "a"})
		var unsafe *UnsafeSpliceError
		if got != nil || !errors.As(err, &unsafe) || err.Error() != tc.want {
			t.Errorf("%s: got %q and error\n%v\nwant\n%s", name, got, err, tc.want)
		}
	}
	for source, want := range map[string]string{
		"version: 2\n": "wsgen.yaml: a spec that has errors is not changed; correct it first",
		head:           "wsgen.yaml: there is no route /ws/a",
	} {
		f, _ := Parse("wsgen.yaml", []byte(source))
		if got, err := f.Remove(Removal{Path: "/ws/a"}); got != nil || err == nil || err.Error() != want {
			t.Errorf("%q: got %q and error %v, want %s", source, got, err, want)
		}
		if got, err := f.Remove(Removal{}); got != nil || err == nil {
			t.Errorf("%q: got %q without anything to remove", source, got)
		}
	}
}

func TestSame(t *testing.T) {
	a := head + "routes:\n  /ws/a: a # here\nconsumers: {a: sync}\n"
	for b, want := range map[string]bool{
		a: true,
		"module: 'example.com/updater'\nservice: updater\nconsumers:\n  a: {mode: sync}\nroutes: {/ws/a: a}\nversion: 1": true,
		head + "routes:\n  /ws/a: a\nconsumers: {a: async}\n":                                                            false,
		head + "consumers: {a: sync}\n":                                                                                  false,
		a + "what: 1\n":                                                                                                  false,
		"":                                                                                                               false,
	} {
		if Same([]byte(a), []byte(b)) != want || Same([]byte(b), []byte(a)) != want {
			t.Errorf("Same is not %v both ways of\n%s", want, b)
		}
	}
}

// FuzzRemove holds Remove to its promise: what it returns is the old source without lines, and says what it said less the
// removal; and to add to a spec and to remove again says what the spec said, in the same lines, but for emptiness that was
// written out.
func FuzzRemove(f *testing.F) {
	for _, path := range []string{"testdata/valid.yaml", "testdata/valid_empty_sections.yaml", "testdata/valid_document_end.yaml", "testdata/valid_streams.yaml"} {
		source, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source, "chat_room", "/ws/room/{id:int}")
	}
	for _, tc := range removeCases() {
		f.Add([]byte(tc.source), "chat", "/ws/chat")
	}
	f.Add([]byte(head+"routes:\n  a: b # c\nconsumers:\n  b: sync"), "b", "#")
	f.Fuzz(func(t *testing.T, source []byte, consumer, path string) {
		file, _ := Parse("wsgen.yaml", source)
		for _, r := range []Removal{{Consumer: consumer}, {Path: path}} {
			got, err := file.Remove(r)
			if err == nil && !isSubsequence(linesOf(got), linesOf(source), len(source)) {
				t.Fatalf("%+v touched other lines of\n%q\n%q", r, source, got)
			}
		}
		added, err := file.Add(Addition{Consumer: consumer, Mode: "sync", Path: path})
		if err != nil || file.consumer(consumer) >= 0 || len(file.entriesOf(Removal{Consumer: consumer})) > 0 {
			return
		}
		again, _ := Parse("wsgen.yaml", added)
		back, err := again.Remove(Removal{Consumer: consumer})
		if err != nil {
			t.Fatalf("what was added to\n%q\ncannot be removed: %v", source, err)
		}
		if !Same(source, back) || !isSubsequence(linesOf(source), linesOf(back), 4) {
			t.Fatalf("%q\nis, after Add and Remove,\n%q", source, back)
		}
	})
}

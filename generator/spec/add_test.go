package spec

import (
	"errors"
	"maps"
	"os"
	"strings"
	"testing"
)

const head = "version: 1\nservice: updater\nmodule: example.com/updater\n"

// addCase is a source as Add is to leave it: a line that starts with "+" is one that Add has added.
type addCase struct {
	add  Addition
	want string
}

// chat is what most cases add.
func chat() Addition { return Addition{Consumer: "chat", Mode: "async", Path: "/ws/chat/{room:slug}"} }

// longCases are specs as people write them.
func longCases() map[string]addCase {
	return map[string]addCase{
		"both at the end of their section": {chat(), head + `
# where they lead
routes:   # path: consumer
    "/ws/echo": echo   # keep

    /ws/b/{id:int}: echo
    # about b
+    /ws/chat/{room:slug}: chat

  # far

# who they are
consumers:

  echo: sync # the first
+  chat: async

# what else
settings: {}
`},
		"consumers before routes, nested last entry": {chat(), head + `consumers:
  echo:
    mode: async

    concurrency: 4
    # more
+  chat: async
routes:
  /ws/echo:   'echo'
+  /ws/chat/{room:slug}: 'chat'
`},
		"flow value of several lines": {chat(), head + `consumers:
  echo: {mode: async,
    concurrency: 4
    }
+  chat: async
routes:
  "/ws/echo": "echo"
+  "/ws/chat/{room:slug}": "chat"
`},
		"both missing": {chat(), head + `settings:
    layer: memory
+
+routes:
+    /ws/chat/{room:slug}: chat
+
+consumers:
+    chat: async
`},
		"before streams": {chat(), head + `routes:
  /ws/echo: echo
+  /ws/chat/{room:slug}: chat
consumers:
  echo: sync
+  chat: async
streams:
  job: {history: 10, ttl: 1h, keep: latest} # bars
  room:
`},
		"one missing": {chat(), head + `consumers:
  echo: sync
+  chat: async
+
+routes:
+  /ws/chat/{room:slug}: chat
`},
		"missing after a blank line": {chat(), head + `routes:
  /ws/echo: echo
+  /ws/chat/{room:slug}: chat

+consumers:
+  chat: async
`},
		"empty": {chat(), head + `routes:
+  /ws/chat/{room:slug}: chat
  # none yet
consumers:
+  chat: async
`},
	}
}

// shortCases are corners.
func shortCases() map[string]addCase {
	return map[string]addCase{
		"comment at the end":    {chat(), head + "routes:\n  /ws/a: a\n+  /ws/chat/{room:slug}: chat\nconsumers:\n  a: sync\n+  chat: async\n# vim: et"},
		"document end":          {chat(), "---\n" + head + "routes:\n  /ws/a: a\n+  /ws/chat/{room:slug}: chat\nconsumers:\n  a: sync\n+  chat: async\n...\n"},
		"document end, missing": {chat(), head + "+\n+routes:\n+  /ws/chat/{room:slug}: chat\n+\n+consumers:\n+  chat: async\n... # over\n"},
		"indented root":         {chat(), strings.ReplaceAll("\n"+head, "\n", "\n  ")[1:] + "routes:\n    /ws/a: a\n+    /ws/chat/{room:slug}: chat\n  consumers:\n    a: sync\n+    chat: async\n"},
		"words of YAML":         {Addition{"yes", "sync", "/ws/a:"}, head + "routes:\n  /ws/b: b\n+  \"/ws/a:\": \"yes\"\nconsumers:\n  b: sync\n+  \"yes\": sync\n"},
		"not ASCII":             {Addition{"b", "sync", "/ws/café"}, "\ufeff" + head + "routes:\n  \"/ws/é\": b # é\n+  \"/ws/café\": b\nconsumers: {b: sync}\n"},
		"consumer alone":        {Addition{Consumer: "b", Mode: "sync"}, head + "routes:\nconsumers:\n  a: sync\n+  b: sync\n"},
		"route alone":           {Addition{Consumer: "a", Path: "/ws/b"}, head + "routes:\n  /ws/a: a\n+  /ws/b: a\nconsumers: {a: sync}\n"},
		"nothing to add":        {Addition{Consumer: "a", Mode: "async", Path: "/ws/a"}, head + "routes: {/ws/a: a}\nconsumers: {a: sync}\n"},
	}
}

func TestAdd(t *testing.T) {
	cases := longCases()
	maps.Copy(cases, shortCases())
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Run("LF", func(t *testing.T) { checkAdd(t, tc.add, tc.want) })
			t.Run("CRLF", func(t *testing.T) { checkAdd(t, tc.add, strings.ReplaceAll(tc.want, "\n", "\r\n")) })
			t.Run("no final newline", func(t *testing.T) {
				if !strings.HasPrefix(name, "missing after") { // whose last line without the additions is blank
					checkAdd(t, tc.add, strings.TrimSuffix(tc.want, "\n"))
				}
			})
		})
	}
}

// checkAdd takes the added lines out of a text and expects Add to put them back.
func checkAdd(t *testing.T, a Addition, marked string) {
	t.Helper()
	var before, after []string
	for _, line := range strings.SplitAfter(marked, "\n") {
		if added, ok := strings.CutPrefix(line, "+"); ok {
			after = append(after, added)
			continue
		}
		before, after = append(before, line), append(after, line)
	}
	source := strings.Join(before, "")
	if !strings.HasSuffix(marked, "\n") && strings.HasPrefix(marked[strings.LastIndex(marked, "\n")+1:], "+") {
		source = strings.TrimSuffix(strings.TrimSuffix(source, "\n"), "\r") // the line before the added ones is the last
	}
	f, ds := Parse("wsgen.yaml", []byte(source))
	if len(ds) > 0 {
		t.Fatalf("the source is not valid:\n%s", ds.Format(f, false))
	}
	got, err := f.Add(a)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(after, ""); string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestAddFillsWrittenEmptiness covers the one case in which a byte goes: an empty value that is written out.
func TestAddFillsWrittenEmptiness(t *testing.T) {
	for before, after := range map[string]string{
		"routes: {}\nconsumers: {a: sync}\n":              "routes:\n  /ws/a: a\nconsumers: {a: sync}\n",
		"routes:   { } # none\nconsumers: {a: sync}\n":    "routes: # none\n  /ws/a: a\nconsumers: {a: sync}\n",
		"routes: ~\nconsumers: {a: sync}\n":               "routes:\n  /ws/a: a\nconsumers: {a: sync}\n",
		"consumers:\n   a: sync\nroutes: null # yet":      "consumers:\n   a: sync\nroutes: # yet\n   /ws/a: a",
		"routes: {}\r\nconsumers: {a: sync}\r\n":          "routes:\r\n  /ws/a: a\r\nconsumers: {a: sync}\r\n",
		"routes:\n  # later\n\nconsumers: {a: sync}\n# é": "routes:\n  /ws/a: a\n  # later\n\nconsumers: {a: sync}\n# é",
	} {
		f, ds := Parse("wsgen.yaml", []byte(head+before))
		if len(ds) > 0 {
			t.Fatalf("%q is not valid:\n%s", before, ds.Format(f, false))
		}
		got, err := f.Add(Addition{Consumer: "a", Path: "/ws/a"})
		if err != nil || string(got) != head+after {
			t.Errorf("%q became\n%s\n(%v), want\n%s", before, got, err, head+after)
		}
	}
}

func TestAddRefuses(t *testing.T) {
	const snippet = "routes:\n  /ws/a: a\n"
	for name, tc := range map[string]struct{ source, want string }{
		"flow document": {"{version: 1, service: a, module: b, consumers: {a: sync}}\n", "wsgen.yaml:1:1: the spec is in flow style"},
		"flow section":  {head + "consumers: {a: sync}\nroutes: {/ws/b: a}\n", "wsgen.yaml:5:9: routes is in flow style"},
		"split empty":   {head + "consumers: {a: sync}\nroutes: {\n}\n", "wsgen.yaml:5:9: the empty value has more than one line"},
		"own line":      {head + "consumers: {a: sync}\nroutes:\n  {}\n", "wsgen.yaml:6:3: the empty value stands on a line of its own"},
		"explicit key":  {head + "consumers: {a: sync}\n? routes\n:\n", "wsgen.yaml: the lines cannot be added without touching others"},
	} {
		f, ds := Parse("wsgen.yaml", []byte(tc.source))
		if len(ds) > 0 {
			t.Fatalf("%s: not valid:\n%s", name, ds.Format(f, false))
		}
		got, err := f.Add(Addition{Consumer: "a", Path: "/ws/a"})
		var unsafe *UnsafeSpliceError
		want := tc.want + "; nothing is written: add this by hand, then run wsgen generate; or run wsgen fmt first\n\n    routes:\n      /ws/a: a"
		if got != nil || !errors.As(err, &unsafe) || err.Error() != want || unsafe.Snippet != snippet {
			t.Errorf("%s: got %q and error\n%v\nwant\n%s", name, got, err, want)
		}
	}
	for name, tc := range map[string]struct {
		source, want string
		add          Addition
	}{
		"errors in the spec": {"version: 2\n", "wsgen.yaml: a spec that has errors is not changed; correct it first", Addition{"a", "sync", "/ws/a"}},
		"taken":              {head + "routes:\n  /ws/a: b\nconsumers: {b: sync}\n", `wsgen.yaml:5:3: the route "/ws/a" leads to the consumer "b"; choose another path, or change it there`, Addition{"a", "sync", "/ws/a"}},
		"no mode":            {head, `the mode "" of consumer "a" is not one; write sync or async`, Addition{"a", "", "/ws/a"}},
		"not UTF-8":          {head, `the consumer "a" or the path "/\xff" is not UTF-8; write it in UTF-8`, Addition{"a", "sync", "/\xff"}},
		"no consumer":        {head, "an addition names a consumer", Addition{"", "sync", "/ws/a"}},
	} {
		f, _ := Parse("wsgen.yaml", []byte(tc.source))
		if got, err := f.Add(tc.add); got != nil || err == nil || err.Error() != tc.want {
			t.Errorf("%s: got %q and error %v, want %s", name, got, err, tc.want)
		}
	}
}

// FuzzAdd holds Add to its promise: what it returns parses to the old spec and the addition, and is the old source with lines
// added, but for an empty value that gave way.
func FuzzAdd(f *testing.F) {
	for _, path := range []string{"testdata/valid.yaml", "testdata/valid_empty_sections.yaml", "testdata/valid_document_end.yaml", "testdata/valid_streams.yaml"} {
		source, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source, "chat_room", "/ws/room/{id:int}")
	}
	f.Add([]byte(head+"routes: {}\r\n  \r\n# c"), "é", "/é: ")
	f.Add([]byte(head+"routes:\n\n    a: b # c\n\n\n"), "no", "#")
	f.Fuzz(func(t *testing.T, source []byte, consumer, path string) {
		file, _ := Parse("wsgen.yaml", source)
		a := Addition{Consumer: consumer, Mode: "sync", Path: path}
		got, err := file.Add(a)
		if err != nil {
			return
		}
		again, ds := Parse("wsgen.yaml", got)
		if ds.HasErrors() {
			t.Fatalf("the result has errors:\n%s\n%q", ds.Format(again, false), got)
		}
		if route, missing, err := again.missing(a); route || missing || err != nil {
			t.Fatalf("the addition is missing from %q (%v)", got, err)
		}
		if added := 6; !isSubsequence(linesOf(source), linesOf(got), added) {
			t.Fatalf("lines of %q were touched: %q", source, got)
		}
		if twice, err := again.Add(a); err != nil || string(twice) != string(got) {
			t.Fatalf("a second Add changes the spec: %v\n%q", err, twice)
		}
	})
}

// linesOf returns the lines of a text without what Add may take from one: an empty value and a missing line ending.
func linesOf(text []byte) []string {
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		for _, section := range []string{"routes", "consumers"} {
			if strings.Contains(line, section) {
				lines[i] = section
			}
		}
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// isSubsequence reports whether few can be had from many by leaving out at most so many lines.
func isSubsequence(few, many []string, most int) bool {
	if len(many)-len(few) > most {
		return false
	}
	for _, line := range many {
		if len(few) > 0 && few[0] == line {
			few = few[1:]
		}
	}
	return len(few) == 0
}

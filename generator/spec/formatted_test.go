package spec

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// formattedCases are sources and what they become.
func formattedCases() map[string][2]string {
	return map[string][2]string{
		"spaces, blank lines, indentation": {`

version:   1
service:	updater
module:   'example.com/updater'     # a path


routes:   # path: consumer

    # the chat

    /ws/chat: chat   	#every room


    "/ws/b":     'b'
consumers:
 chat:   async
 b:
   mode:   sync   # one at a time
   # nobody else

   auth:
     required

settings:
   auth: session
   allowed_origins:
   - https://a.test   # a
   # b
   -   "https://b.test"


`, `version: 1
service: updater
module: 'example.com/updater' # a path

routes: # path: consumer
  # the chat

  /ws/chat: chat #every room

  "/ws/b": 'b'

consumers:
  chat: async
  b:
    mode: sync # one at a time
    # nobody else

    auth: required

settings:
  auth: session
  allowed_origins:
    - https://a.test # a
    # b
    - "https://b.test"
`},
		"order of the sections": {`# about the file
settings: {layer: redis}
# the consumers
consumers:
  a: sync
  # none of b

# what
# is kept

streams:
  job:
# not of job

# the version
version: 1
module: m
service: s
# the end
`, `# about the file

# not of job

# the version
version: 1
service: s
module: m

# the consumers
consumers:
  a: sync
  # none of b

# what
# is kept

streams:
  job:

settings:
  layer: redis

# the end
`},
		"flow": {`# one
{ version: 1, service: s, # two
  module: m, routes: {/ws/a: a, '/ws/{x}':a}, # three
  consumers: {a: { mode : async,concurrency: 3, },
    # four
    b: {mode: sync, # five
      # six
      } # seven
    }, streams: {job: , room: {history : 10 ,ttl: 1h, }, x: ~}, settings: {allowed_origins: [ a.test,
      b.test # eight
    ], layer: memory}
} # nine
`, `# one
version: 1
service: s # two
module: m

routes: # three
  /ws/a: a
  '/ws/{x}': a

consumers:
  a: {mode: async, concurrency: 3}
  # four
  b:
    mode: sync # five
    # six
    # seven

streams:
  job:
  room: {history: 10, ttl: 1h}
  x: ~

settings:
  allowed_origins:
    - a.test
    - b.test # eight
  layer: memory

# nine
`},
		"emptiness": {"version: 1\nservice: s\nmodule: m\nroutes: {} # none\n  # later\nconsumers: ~\nsettings:\n  # allowed_origins: [a.test]\nstreams: {\n # none\n}",
			"version: 1\nservice: s\nmodule: m\n\nroutes: # none\n  # later\n\nconsumers:\n\nstreams:\n  # none\n\nsettings:\n  # allowed_origins: [a.test]\n"},
		"comments that go on": {`version: 1
service: s
module: m
consumers:
  chat: async     # many
                  # at once
  b:              # one
                  # at a time
                # not this
    mode: sync
`, `version: 1
service: s
module: m

consumers:
  chat: async # many
              # at once
  b: # one
     # at a time
    # not this
    mode: sync
`},
		"odd places": {"---   # begins\n? version # why\n: 1 # because\nservice:\n\n  # above\n  s\nmodule: m\nconsumers:\n    # first\n  a:\n    sync\n    # below\n  # next\n  'b': # key\n    # between\n    {mode: sync} # value\n... # over\n# out\n",
			"# begins\n# why\nversion: 1 # because\n# above\nservice: s\nmodule: m\n\nconsumers:\n  # first\n  a: sync\n  # below\n  # next\n  # key\n  # between\n  'b': {mode: sync} # value\n\n# over\n# out\n"},
		"hashes that begin no comment": {"version: 1\nservice: s\nmodule: m\nroutes: {'/a#b': a, \"/c #d\": a, /e#f: a}\nconsumers: {a: sync} #no\n",
			"version: 1\nservice: s\nmodule: m\n\nroutes:\n  '/a#b': a\n  \"/c #d\": a\n  /e#f: a\n\nconsumers: #no\n  a: sync\n"},
	}
}

func TestFormatted(t *testing.T) {
	for name, tc := range formattedCases() {
		for _, eol := range []string{"\n", "\r\n"} {
			source, want := strings.ReplaceAll(tc[0], "\n", eol), strings.ReplaceAll(tc[1], "\n", eol)
			f, ds := Parse("wsgen.yaml", []byte(source))
			if ds.HasErrors() {
				t.Fatalf("%s is not valid:\n%s", name, ds.Format(f, false))
			}
			got, err := f.Formatted()
			if err != nil || string(got) != want {
				t.Errorf("%s: got %v\n%s\nwant\n%s", name, err, got, want)
			}
			checkFormatted(t, []byte(source))
		}
	}
}

// checkFormatted holds what Formatted makes of a source to its promise, whatever the source.
func checkFormatted(t *testing.T, source []byte) {
	t.Helper()
	f, _ := Parse("wsgen.yaml", source)
	got, err := f.Formatted()
	if err != nil {
		return
	}
	if !Same(source, got) {
		t.Fatalf("%q\nbecame another spec:\n%q", source, got)
	}
	g, _ := Parse("wsgen.yaml", got)
	again, err := g.Formatted()
	if err != nil || !bytes.Equal(again, got) {
		t.Fatalf("%q\nis laid out as\n%s\nand that as\n%s (%v)", source, got, again, err)
	}
	for _, line := range strings.Split(string(got), "\n") {
		if line = strings.TrimSuffix(line, "\r"); strings.TrimRight(line, " \t") != line {
			t.Fatalf("%q\nis laid out with blanks at the end of %q", source, line)
		}
	}
	if strings.Contains(strings.ReplaceAll(string(got), "\r", ""), "\n\n\n") {
		t.Fatalf("%q\nis laid out with more than one blank line:\n%s", source, got)
	}
	before, after := neighbours(f), neighbours(g)
	if isCanonical(f) && len(before) != len(after) {
		t.Fatalf("%q\nhas %d comments, and\n%s\nhas %d", source, len(before), got, len(after))
	}
	for i, b := range before {
		if !isCanonical(f) {
			break
		}
		if a := after[i]; a.text != b.text || !slices.Contains(b.near, a.near[0]) && !slices.Contains(b.near, a.near[1]) {
			t.Fatalf("%q\nhas the comment %+v, and\n%s\nhas it as %+v", source, b, got, a)
		}
	}
}

// isCanonical says whether the keys of a document stand in their order.
func isCanonical(f *File) bool {
	last := -1
	for i := 0; i < len(f.root.Content); i += 2 {
		if rank := rankOf(f.root.Content[i].Value); rank < last {
			return false
		} else {
			last = rank
		}
	}
	return true
}

// neighbour is a comment and what it stands by, each scalar told by its place among all.
type neighbour struct {
	text string
	near []string // the scalars before and after it, then those on its line
}

// neighbours returns the comments of a spec in their order.
func neighbours(f *File) []neighbour {
	pos := newPositions(f.Source)
	places := spansOf(pos, f.root)
	comments := commentsOf(pos, places)
	for i := 1; i < len(f.root.Content); i += 2 { // emptiness that is written out may go
		if n := f.root.Content[i]; isNull(n) {
			delete(places, n)
		}
	}
	spans := slices.DeleteFunc(slices.Collect(maps.Values(places)), func(s span) bool { return s.from == s.to })
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	var all []neighbour
	for _, c := range comments {
		n, _ := slices.BinarySearchFunc(spans, c.offset, func(s span, at int) int { return s.from - at })
		text := func(i int) string {
			if i < 0 || i >= len(spans) {
				return fmt.Sprint(i)
			}
			return fmt.Sprint(i, " ", string(f.Source[spans[i].from:spans[i].to]))
		}
		found := neighbour{c.text, []string{text(n - 1), text(n)}}
		for i, s := range spans {
			if pos.lineOf(s.from) == c.line {
				found.near = append(found.near, text(i))
			}
		}
		all = append(all, found)
	}
	return all
}

func TestFormattedAtRandom(t *testing.T) {
	for seed := range uint64(500) {
		source := randomSpec(seed)
		f, ds := Parse("wsgen.yaml", source)
		if ds.HasErrors() {
			t.Fatalf("seed %d gives a spec that is not valid:\n%s\n%s", seed, ds.Format(f, false), source)
		}
		if _, err := f.Formatted(); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, source)
		}
		checkFormatted(t, source)
	}
}

// FuzzFormatted holds Formatted to its promise for any bytes.
func FuzzFormatted(f *testing.F) {
	specs, err := filepath.Glob("testdata/valid*.yaml")
	if err != nil || len(specs) == 0 {
		f.Fatalf("no specs in testdata: %v", err)
	}
	for _, path := range specs {
		source, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source)
	}
	for _, tc := range formattedCases() {
		f.Add([]byte(tc[0]))
	}
	for seed := range uint64(20) {
		f.Add(randomSpec(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) { checkFormatted(t, source) })
}

// BenchmarkLongLine reads and lays out a spec of one line, of which no part is to be gone through for every entry.
func BenchmarkLongLine(b *testing.B) {
	var text strings.Builder
	text.WriteString("{version: 1, service: s, module: m, consumers: {a: sync}, routes: {")
	for i := range 10_000 {
		fmt.Fprintf(&text, "/ws/é%d: a, ", i)
	}
	text.WriteString("}}\n")
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		f, _ := Parse("wsgen.yaml", []byte(text.String()))
		if _, err := f.Formatted(); err != nil {
			b.Fatal(err)
		}
	}
}

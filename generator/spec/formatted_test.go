package spec

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
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

// randomSpec returns a spec of the given seed that uses the whole of YAML's liberty, with comments wherever one can stand.
func randomSpec(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	w := &liberty{r: r}
	heads := []string{"version: 1", "service: \"s\"", "module: 'example.com/m'"}
	sections := []func(){w.routes, w.consumers, w.streams, w.settings}
	if r.IntN(3) == 0 {
		r.Shuffle(len(sections), func(i, j int) { sections[i], sections[j] = sections[j], sections[i] })
	}
	for _, h := range heads {
		w.gap(0)
		w.line(0, h)
	}
	for _, s := range sections {
		if r.IntN(8) > 0 {
			w.gap(0)
			s()
		}
	}
	w.gap(0)
	text := w.b.String()
	if r.IntN(4) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if r.IntN(4) == 0 {
		text = strings.TrimRight(text, "\r\n")
	}
	return []byte(text)
}

// liberty writes a spec in a layout of its own.
type liberty struct {
	r *rand.Rand
	b strings.Builder
	n int // comments so far
}

// comment returns a comment, no two of which are alike.
func (w *liberty) comment() string {
	w.n++
	return fmt.Sprintf("# %d", w.n)
}

// gap writes blank lines and comments, as deep as given or not.
func (w *liberty) gap(indent int) {
	for w.r.IntN(3) == 0 {
		switch w.r.IntN(3) {
		case 0:
			w.b.WriteString("\n")
		case 1:
			w.b.WriteString(strings.Repeat(" ", indent) + w.comment() + "\n")
		default:
			w.b.WriteString(strings.Repeat(" ", w.r.IntN(10)) + w.comment() + "\n")
		}
	}
}

// line writes a line, with a comment behind it or not.
func (w *liberty) line(indent int, text string) {
	w.b.WriteString(strings.Repeat(" ", indent) + text)
	if w.r.IntN(3) == 0 {
		w.b.WriteString(strings.Repeat(" ", 1+w.r.IntN(4)) + w.comment())
	}
	w.b.WriteString(strings.Repeat(" ", w.r.IntN(2)) + "\n")
}

// section writes a section with entries, each given by a key and a value in flow style or none.
func (w *liberty) section(name string, entries [][2]string) {
	if len(entries) == 0 {
		w.line(0, name+": "+[]string{"", "{}", "{ }"}[w.r.IntN(3)])
		w.gap(2)
		return
	}
	if w.r.IntN(4) == 0 {
		w.flow(name, entries)
		return
	}
	w.line(0, name+":")
	indent := 1 + w.r.IntN(4)
	for _, e := range entries {
		w.gap(indent)
		inner, nested := strings.CutPrefix(e[1], "{")
		switch {
		case nested && w.r.IntN(2) == 0:
			w.line(indent, e[0]+":")
			deeper := indent + 1 + w.r.IntN(3)
			for _, pair := range strings.Split(strings.TrimSuffix(inner, "}"), ",") {
				w.gap(deeper)
				w.line(deeper, strings.TrimSpace(pair))
			}
		case !nested && w.r.IntN(6) == 0:
			w.line(indent, e[0]+":")
			w.gap(indent)
			w.line(indent+2, e[1])
		default:
			w.line(indent, e[0]+":  "+e[1])
		}
	}
	w.gap(indent)
}

// flow writes a section in flow style, on one line or several.
func (w *liberty) flow(name string, entries [][2]string) {
	w.b.WriteString(name + ": {")
	for i, e := range entries {
		if w.r.IntN(2) == 0 {
			w.line(0, "")
			w.gap(1)
			w.b.WriteString(" ")
		}
		w.b.WriteString(e[0] + ": " + e[1])
		if i < len(entries)-1 || w.r.IntN(2) == 0 {
			w.b.WriteString(",")
		}
	}
	w.line(0, " }")
}

func (w *liberty) some(all ...[2]string) [][2]string { return all[:w.r.IntN(len(all)+1)] }

func (w *liberty) routes() {
	w.section("routes", w.some([2]string{"/ws/a", "a"}, [2]string{`"/ws/b#c"`, "'b'"}, [2]string{"/ws/é", "a"}))
}

func (w *liberty) consumers() {
	w.section("consumers", w.some([2]string{"a", "sync"}, [2]string{"b", "{ mode: async , concurrency: 3 }"}, [2]string{"'c'", "{mode: sync}"}))
}

func (w *liberty) streams() {
	w.section("streams", w.some([2]string{"job", "{history: 10,ttl: 1h}"}, [2]string{"x", "{}"}))
}

func (w *liberty) settings() {
	w.section("settings", w.some([2]string{"layer", "redis"}, [2]string{"allowed_origins", `[ a.test,"b.test" ]`}, [2]string{"auth", "jwt"}))
}

func TestFormattedAtRandom(t *testing.T) {
	for seed := range uint64(1000) {
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

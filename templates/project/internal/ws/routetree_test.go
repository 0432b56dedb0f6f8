package ws

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// stub makes a route that is never connected to.
func stub(pattern string) Route {
	return Sync(pattern, func(Params) SyncConsumer { return nil })
}

// treeOf builds a tree, or returns what it panics with.
func treeOf(patterns ...string) (tree *routeTree, complaint any) {
	defer func() { complaint = recover() }()
	var routes []*Route
	for _, p := range patterns {
		r := stub(p)
		routes = append(routes, &r)
	}
	return newRouteTree(routes), nil
}

func TestMatch(t *testing.T) {
	tree, complaint := treeOf(
		"/ws/echo", "/ws/echo/", "/ws/chat/{room:slug}", "/ws/chat/lobby", "/ws/chat/{room:slug}/as/{user:int}",
		"/ws/file/{name:path}", "/ws/file/readme", "/ws/job/{id:uuid}", "/ws/wort/{w:word}", "/ws/any/{x}", "/ws/any/{x}/b", "/ws/any/a/c",
		"/caf%C3%A9/ü",
	)
	if complaint != nil {
		t.Fatal(complaint)
	}
	for _, test := range []struct{ path, want string }{
		{"/ws/echo", "/ws/echo"},
		{"/ws/echo/", "/ws/echo/"},
		{"/ws/echo//", ""},
		{"//ws/echo", ""},
		{"/ws/./echo", ""},
		{"/ws/x/../echo", ""},
		{"/WS/echo", ""},
		{"/ws/%65cho", "/ws/echo"},
		{"/ws%2Fecho", ""},
		{"", ""}, {"/", ""}, {"*", ""}, {"/ws", ""}, {"/ws/", ""},
		{"/ws/chat/lobby", "/ws/chat/lobby"},
		{"/ws/chat/Lobby-2_x", "/ws/chat/{room:slug} room=Lobby-2_x"},
		{"/ws/chat/a.b", "no"},
		{"/ws/chat/a%2Fb", "no"},
		{"/ws/chat/", ""},
		{"/ws/chat/a/as/7", "/ws/chat/{room:slug}/as/{user:int} room=a user=7"},
		{"/ws/chat/lobby/as/7", "/ws/chat/{room:slug}/as/{user:int} room=lobby user=7"},
		{"/ws/chat/a/as/007", "/ws/chat/{room:slug}/as/{user:int} room=a user=007"},
		{"/ws/chat/a/as/9223372036854775807", "/ws/chat/{room:slug}/as/{user:int} room=a user=9223372036854775807"},
		{"/ws/chat/a/as/9223372036854775808", "no"},
		{"/ws/chat/a/as/-7", "no"}, {"/ws/chat/a/as/+7", "no"}, {"/ws/chat/a/as/7.0", "no"}, {"/ws/chat/a/as/٧", "no"}, {"/ws/chat/a/as/0x7", "no"},
		{"/ws/file/a", "/ws/file/{name:path} name=a"},
		{"/ws/file/a/b%2Fc/d.txt", "/ws/file/{name:path} name=a/b/c/d.txt"},
		{"/ws/file//", "/ws/file/{name:path} name=/"},
		{"/ws/file/readme", "/ws/file/readme"},
		{"/ws/file/readme/", "/ws/file/{name:path} name=readme/"},
		{"/ws/file/", ""},
		{"/ws/file/%FF", "no"},
		{"/ws/job/075194d3-6885-417e-a8a8-6c931e272f00", "/ws/job/{id:uuid} id=075194d3-6885-417e-a8a8-6c931e272f00"},
		{"/ws/job/075194D3-6885-417E-A8A8-6C931E272F00", "no"},
		{"/ws/job/075194d36885417ea8a86c931e272f00", "no"},
		{"/ws/job/075194d3-6885-417e-a8a8-6c931e272f0g", "no"},
		{"/ws/wort/f%C3%BCnf_5", "/ws/wort/{w:word} w=fünf_5"},
		{"/ws/wort/五²Ⅷ٣", "/ws/wort/{w:word} w=五²Ⅷ٣"},
		{"/ws/wort/a-b", "no"}, {"/ws/wort/a%20b", "no"}, {"/ws/wort/a%CC%81", "no"},
		{"/ws/any/%E2%82%AC%20%00", "/ws/any/{x} x=€ \x00"},
		{"/ws/any/%FF", ""},
		{"/ws/any/a/b", "/ws/any/{x}/b x=a"}, // the way back from /ws/any/a
		{"/ws/any/a/c", "/ws/any/a/c"},
		{"/caf%C3%A9/%C3%BC", "/caf%C3%A9/ü"},
	} {
		if got := describe(tree, test.path); got != test.want {
			t.Errorf("%s matches %q, want %q", test.path, got, test.want)
		}
	}
}

// describe says what a path matches: "" nothing, "no" where a converter refuses.
func describe(tree *routeTree, path string) string {
	r := tree.find(path)
	if r == nil {
		return ""
	}
	params, ok := r.params(path)
	if !ok {
		return "no"
	}
	text := r.pattern
	for _, p := range params.list {
		text += fmt.Sprintf(" %s=%s", p.name, params.String(p.name))
		if n := params.Int64(p.name); n != 0 && strings.TrimLeft(p.text, "0") != fmt.Sprint(n) {
			text += fmt.Sprintf("(%d)", n)
		}
	}
	return text
}

func TestParamsOfAnotherRoute(t *testing.T) {
	var none Params
	if none.String("room") != "" || none.Int64("room") != 0 {
		t.Error("a missing parameter has a value")
	}
}

func TestIllegalPatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		"ws":                       "does not start with a slash",
		"":                         "does not start with a slash",
		"/{a}/{a}":                 `names the parameter "a" twice`,
		"/{a:path}/b":              "nothing may follow it",
		"/{a:re}":                  `no converter "re"`,
		"/{a:}":                    `no converter ""`,
		"/{}":                      `"" is not a name`,
		"/{1a}":                    `"1a" is not a name`,
		"/a{b}":                    "neither a literal",
		"/{a}b":                    "neither a literal",
		"/{a":                      "neither a literal",
		"/a}":                      "neither a literal",
		"/{{a}}":                   "neither a literal",
		"/%zz":                     "percent-encoded",
		"/%FF":                     "percent-encoded",
		"/a/{x:int} /a/{y}":        "overlap",
		"/a /a":                    "overlap",
		"/a %2Fa":                  "does not start with a slash",
		"/a/{x}/c /a/b/{y}":        "overlap",
		"/a/{x:path} /a/{y:path}":  "overlap",
		"/{a}/b/{x:path} /a/{b}/c": "overlap",
	} {
		if _, complaint := treeOf(strings.Fields(pattern + " ")...); pattern != "" && !strings.Contains(fmt.Sprint(complaint), want) {
			t.Errorf("%q: %v, want %q", pattern, complaint, want)
		}
	}
	for name, r := range map[string]Route{
		"has no consumer":    {pattern: "/a"},
		"want at least 1":    Async("/a", func(Params) AsyncConsumer { return nil }, Concurrency(-1)),
		"is for async":       Sync("/a", func(Params) SyncConsumer { return nil }, Concurrency(2)),
		"start with a slash": stub(""),
	} {
		func() {
			defer func() {
				if complaint := recover(); !strings.Contains(fmt.Sprint(complaint), name) {
					t.Errorf("%v, want %q", complaint, name)
				}
			}()
			NewRouter(DefaultLimits(), nil, nil, r)
		}()
	}
}

// TestPrecedence compares the tree with the definition, on every path of a small world: of two patterns that share paths,
// one must take a proper subset of the other's, and the paths they share go to it.
func TestPrecedence(t *testing.T) {
	alphabet := []string{"", "a", "b", "c"} // c stands for every other text
	var paths []string
	for _, one := range alphabet {
		paths = append(paths, "/"+one)
		for _, two := range alphabet {
			paths = append(paths, "/"+one+"/"+two)
			for _, three := range alphabet {
				paths = append(paths, "/"+one+"/"+two+"/"+three)
				for _, four := range alphabet {
					paths = append(paths, "/"+one+"/"+two+"/"+three+"/"+four)
				}
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	conflicts := 0
	for range 3_000 {
		p, q := randomPattern(random), randomPattern(random)
		tree, complaint := treeOf(p, q)
		if swapped, other := treeOf(q, p); (complaint == nil) != (other == nil) {
			t.Fatalf("%s and %s: %v in one order, %v in the other (%v)", p, q, complaint, other, swapped)
		}
		onlyP, both, onlyQ := compare(t, p, q, paths)
		conflict := len(both) > 0 && (onlyP && onlyQ || !onlyP && !onlyQ)
		if conflict != (complaint != nil) {
			t.Fatalf("%s and %s: conflict %v, but the tree says %v", p, q, conflict, complaint)
		}
		if conflict {
			conflicts++
			continue
		}
		winner := p
		if onlyP {
			winner = q
		}
		for _, path := range both {
			if got := tree.find(path); got.pattern != winner {
				t.Fatalf("%s and %s: %s goes to %s", p, q, path, got.pattern)
			}
		}
	}
	if conflicts == 0 || conflicts == 3_000 {
		t.Errorf("%d conflicts: the test has lost its worth", conflicts)
	}
}

// compare matches paths by the definition alone.
func compare(t *testing.T, p, q string, paths []string) (onlyP bool, both []string, onlyQ bool) {
	ps, qs := segmentsOf(t, p), segmentsOf(t, q)
	for _, path := range paths {
		inP, inQ := matches(ps, path), matches(qs, path)
		switch {
		case inP && inQ:
			both = append(both, path)
		case inP:
			onlyP = true
		case inQ:
			onlyQ = true
		}
	}
	return onlyP, both, onlyQ
}

func segmentsOf(t *testing.T, pattern string) []segment {
	t.Helper()
	segments, err := parseRoute(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return segments
}

// matches is a pattern's definition, written as directly as can be.
func matches(segments []segment, path string) bool {
	parts := strings.Split(path[1:], "/")
	for i, s := range segments {
		switch {
		case i >= len(parts):
			return false
		case s.rest():
			return strings.Join(parts[i:], "/") != ""
		case s.name != "" && parts[i] == "", s.name == "" && parts[i] != s.literal:
			return false
		}
	}
	return len(segments) == len(parts)
}

// randomPattern returns a pattern of one to three segments.
func randomPattern(random *rand.Rand) string {
	n := 1 + random.IntN(3)
	var parts []string
	for i := range n {
		choices := []string{"a", "b", fmt.Sprintf("{p%d}", i)}
		if i == n-1 {
			choices = append(choices, "", fmt.Sprintf("{p%d:path}", i))
		}
		parts = append(parts, choices[random.IntN(len(choices))])
	}
	return "/" + strings.Join(parts, "/")
}

func FuzzParseRoute(f *testing.F) {
	for _, seed := range []string{"/", "/ws/{room:slug}", "/{a:path}", "/%41/{b}", "/{a}{b}", "/a//"} {
		f.Add(seed, "/ws/x")
	}
	f.Fuzz(func(t *testing.T, pattern, path string) {
		if segments, err := parseRoute(pattern); err != nil {
			return
		} else if slices.ContainsFunc(segments, func(s segment) bool { return s.name == "" && strings.Contains(s.literal, "{") }) {
			return // an encoded brace
		}
		tree, complaint := treeOf(pattern)
		if complaint != nil {
			t.Fatalf("%q parses, but: %v", pattern, complaint)
		}
		if r := tree.find(path); r != nil {
			r.params(path)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	var patterns []string
	for i := range 1000 {
		patterns = append(patterns, fmt.Sprintf("/ws/consumer%d/{id}", i))
	}
	tree, complaint := treeOf(patterns...)
	if complaint != nil {
		b.Fatal(complaint)
	}
	b.ReportAllocs()
	for b.Loop() {
		tree.find("/ws/consumer500/lobby")
	}
}

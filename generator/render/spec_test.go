package render

import (
	"cmp"
	"regexp"
	"slices"
	"testing"

	"wsgen/generator/spec"
)

func TestSpec(t *testing.T) {
	got, err := Spec("updater", "example.com/updater", []SpecEntry{
		{Consumer: "echo", Mode: "sync", Path: "/ws/echo"},
		{Consumer: "chat", Mode: "async", Path: "/ws/chat/{room:slug}"},
		{Consumer: "chat", Mode: "sync", Path: "/ws/odd #path: 1"},
		{Consumer: "on", Mode: "sync"},
	}, SpecSettings{})
	if err != nil {
		t.Fatal(err)
	}
	const want = `# yaml-language-server: $schema=.wsgen/schema.json
# The routing spec of this service: which WebSocket paths there are, and the code behind each.
# After a change run ` + "`wsgen generate`. `wsgen check`" + ` tells whether the code still matches.
version: 1
service: updater
module: example.com/updater

# path: consumer. A segment may be a parameter, {name} or {name:converter}. The converters are
# str (the default), int, slug, uuid, word, and path for the rest of the path.
routes:
  /ws/echo: echo
  /ws/chat/{room:slug}: chat
  "/ws/odd #path: 1": chat

# consumer: mode. A sync consumer handles the messages of a socket one after the other, an async one at once.
consumers:
  echo: sync
  chat: async
  "on": sync

# Groups named job, or job:<anything>, that keep their history: a page that comes back is told what it missed.
# streams:
#   job: {history: 1000, ttl: 10m, keep: all}

# layer carries messages to groups: memory, redis or nats. auth tells who a user is: none, session or jwt.
# allowed_origins is a default, which the environment of the service overrides; without it a page is let in when it was
# served under the service's own host and port.
# settings: {layer: memory, auth: none, allowed_origins: [https://example.com]}
`
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestSpecWithSettings(t *testing.T) {
	for _, test := range []struct {
		settings SpecSettings
		want     string
	}{
		{SpecSettings{}, ""},
		{SpecSettings{"memory", "none"}, ""},
		{SpecSettings{Layer: "redis"}, "settings:\n  layer: redis\n"},
		{SpecSettings{Layer: "memory", Auth: "jwt"}, "settings:\n  auth: jwt\n"},
		{SpecSettings{"nats", "session"}, "settings:\n  layer: nats\n  auth: session\n"},
	} {
		if got := test.settings.Section(); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.settings, got, test.want)
		}
		text, err := Spec("updater", "example.com/updater", nil, test.settings)
		if err != nil {
			t.Fatal(err)
		}
		f, ds := spec.Parse(SpecPath, text)
		if ds.HasErrors() {
			t.Fatalf("%s\n%s", text, ds.Format(f, false))
		}
		s := f.Settings
		if layer := cmp.Or(s.Layer.Value, "memory"); layer != cmp.Or(test.settings.Layer, "memory") {
			t.Errorf("%+v: the layer is %s", test.settings, layer)
		}
		if auth := cmp.Or(s.Auth.Value, "none"); auth != cmp.Or(test.settings.Auth, "none") {
			t.Errorf("%+v: the auth is %s", test.settings, auth)
		}
	}
}

func TestSpecRefusesWhatYAMLCannotHold(t *testing.T) {
	if text, err := Spec("updater", "example.com/\xff", nil, SpecSettings{}); err == nil {
		t.Errorf("got no error but:\n%s", text)
	}
}

// Whatever is asked for on the command line stands in the spec as the parser will read it back.
func TestSpecIsReadBack(t *testing.T) {
	paths := []string{"/ws/echo", "/ws/{a:slug}", "/ws/b#c", "/ws/'x", `/ws/q"uote`, "/ws/fünf", "/ws/a: b", "/ws/*", "/ws/true", "/ws/~", "/-", "/ws/&a", "/ws/null/"}
	var entries []SpecEntry
	for _, p := range paths {
		entries = append(entries, SpecEntry{Consumer: "null", Mode: "sync", Path: p})
	}
	entries = append(entries, SpecEntry{Consumer: "yes", Mode: "async"}, SpecEntry{Consumer: "e1", Mode: "async"})
	text, err := Spec("on", "example.com/1.5", entries, SpecSettings{})
	if err != nil {
		t.Fatal(err)
	}
	f, found := spec.Parse("wsgen.yaml", text)
	if found.HasErrors() {
		t.Fatal(found.Format(f, false))
	}
	if f.Service.Value != "on" || f.Module.Value != "example.com/1.5" {
		t.Errorf("the service is %q, the module %q", f.Service.Value, f.Module.Value)
	}
	var got []string
	for _, r := range f.Routes {
		got = append(got, r.Path.Value)
		if r.Consumer.Value != "null" {
			t.Errorf("%s leads to %q", r.Path.Value, r.Consumer.Value)
		}
	}
	if !slices.Equal(got, paths) {
		t.Errorf("the paths are %q, want %q", got, paths)
	}
	var consumers []string
	for _, c := range f.Consumers {
		consumers = append(consumers, c.Name.Value+" "+c.Mode.Value)
	}
	if want := []string{"null sync", "yes async", "e1 async"}; !slices.Equal(consumers, want) {
		t.Errorf("the consumers are %q, want %q", consumers, want)
	}
}

// What stands in comments is what a spec may say: without its "# ", it is one.
func TestSpecShowsWhatIsPossible(t *testing.T) {
	text, err := Spec("updater", "example.com/updater", nil, SpecSettings{})
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(?m)^# (streams:|settings:|  \w+: [\[{])`).ReplaceAll(text, []byte("$1"))
	f, found := spec.Parse("wsgen.yaml", shown)
	if len(found) > 0 {
		t.Fatal(found.Format(f, false))
	}
	if len(f.Streams) != 1 || len(f.Settings.AllowedOrigins) != 1 {
		t.Errorf("the comments show %d streams and %d origins:\n%s", len(f.Streams), len(f.Settings.AllowedOrigins), shown)
	}
}

func TestSpecOfNothing(t *testing.T) {
	text, err := Spec("updater", "example.com/updater", nil, SpecSettings{})
	if err != nil {
		t.Fatal(err)
	}
	f, found := spec.Parse("wsgen.yaml", text)
	if len(found) > 0 {
		t.Fatal(found.Format(f, false))
	}
}

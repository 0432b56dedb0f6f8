package render

import (
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"wsgen/generator/model"
)

// withParts is chatProject with a layer and an auth.
func withParts(layer, auth string) *model.Project {
	p := chatProject()
	p.Layer, p.Auth = layer, auth
	p.Consumers[0].AuthRequired = auth != "none"
	return p
}

// What nobody asked for is not there: no file, no line, no dependency.
func TestNothingOfAPartThatIsNotAskedFor(t *testing.T) {
	words := map[string][]string{
		"redis":   {"redis", "Redis"},
		"nats":    {"nats", "NATS"},
		"session": {"scs", "session.Config"},
		"jwt":     {"jwt", "JWT"},
	}
	of := func(p *model.Project) string {
		var all strings.Builder
		for _, name := range []string{"go.mod", "go.sum", "README.md", ".gitignore", "settings/defaults_gen.go", "routing/routing_gen.go"} {
			all.WriteString(textOf(t, p, name))
		}
		for _, f := range files(t, p) {
			all.WriteString(f.Path + "\n")
		}
		return all.String()
	}
	for _, p := range allParts() {
		text := of(p)
		for asked, all := range words {
			for _, word := range all {
				if want := asked == p.Layer || asked == p.Auth; strings.Contains(text, word) != want {
					t.Errorf("layer %s, auth %s: %q is there: %v, want %v", p.Layer, p.Auth, word, !want, want)
				}
			}
		}
	}
}

func TestFilesOfParts(t *testing.T) {
	tests := []struct {
		layer, auth string
		want, not   []string
	}{
		{"memory", "none", nil, []string{"compose.yaml", "internal/ws/envelope/envelope.go", "internal/ws/user.go"}},
		{"redis", "none", []string{"compose.yaml", "internal/ws/envelope/envelope.go"}, []string{"internal/ws/user.go"}},
		{"nats", "jwt", []string{"compose.yaml", "internal/ws/envelope/envelope.go"}, nil},
		{"memory", "session", nil, []string{"compose.yaml", "internal/ws/envelope/envelope.go"}},
	}
	for _, test := range tests {
		var names []string
		for _, f := range files(t, withParts(test.layer, test.auth)) {
			names = append(names, f.Path)
		}
		for _, name := range test.want {
			if !slices.Contains(names, name) {
				t.Errorf("layer %s, auth %s: %s is missing", test.layer, test.auth, name)
			}
		}
		for _, name := range test.not {
			if slices.Contains(names, name) {
				t.Errorf("layer %s, auth %s: %s is there", test.layer, test.auth, name)
			}
		}
	}
}

// A file that some projects have and others have not is told by its name alone.
func TestWantsByName(t *testing.T) {
	tests := []struct {
		name        string
		layer, auth string
		want        bool
	}{
		{"internal/ws/user.go", "redis", "none", false},
		{"internal/ws/user.go", "memory", "jwt", true},
		{"internal/ws/remote_jobs.go", "memory", "session", false},
		{"internal/ws/remote_jobs.go", "nats", "none", true},
		{"internal/ws/hear.go", "memory", "none", false},
		{"internal/ws/hear.go", "memory", "session", true},
		{"internal/ws/hear.go", "redis", "none", true},
		{"internal/ws/user_notice.go", "memory", "jwt", false},
		{"internal/ws/user_notice.go", "memory", "session", true},
		{"internal/ws/wstest/user.go", "memory", "none", false},
		{"internal/ws/wstest/user.go", "nats", "session", true},
		{"client/auth.js", "memory", "none", false},
		{"client/auth.js", "memory", "jwt", true},
		{"client/socket.js", "memory", "none", true},
	}
	for _, test := range tests {
		if got := wants(withParts(test.layer, test.auth), test.name); got != test.want {
			t.Errorf("layer %s, auth %s: %s is wanted: %v", test.layer, test.auth, test.name, got)
		}
	}
}

func TestRoutingOfParts(t *testing.T) {
	tests := []struct {
		layer, auth string
		want        []string
	}{
		{"memory", "none", []string{
			"append(stack(cfg), yours...)",
			"return ws.NewMemoryLayer(), nil",
		}},
		{"redis", "session", []string{
			"\t\"example.com/updater/internal/ws\"\n\t\"example.com/updater/internal/ws/redislayer\"\n\t\"example.com/updater/internal/ws/session\"\n",
			"append(stack(cfg, users), yours...)",
			"\t\tws.OriginValidator(cfg.AllowedOrigins, cfg.Debug),\n\t\tusers.Handshake,\n",
			"\tusers := ws.NewUsers(session.New(cfg.Session, cfg.AllowedOrigins, cfg.Debug, layer), deps)\n\treturn ws.NewRouter(",
			"\t).Guard(users)\n}\n",
			"backend, err := redislayer.Open(ctx, cfg.Redis)\n",
			"return ws.NewRemoteLayer(backend)\n",
			"}, ws.RequireUser(), ws.OutboundLatest(), ws.Concurrency(4)),",
		}},
		{"nats", "jwt", []string{
			"ws.NewUsers(jwt.New(cfg.JWT, cfg.Debug), deps)",
			"backend, err := natslayer.Open(ctx, cfg.NATS)\n",
		}},
		{"memory", "session", []string{"ws.NewUsers(session.New(", "return ws.NewMemoryLayer(), nil"}},
	}
	for _, test := range tests {
		text := textOf(t, withParts(test.layer, test.auth), "routing/routing_gen.go")
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("layer %s, auth %s: the routing lacks\n%s\nin\n%s", test.layer, test.auth, want, text)
			}
		}
	}
}

func TestSettingsOfParts(t *testing.T) {
	text := textOf(t, withParts("nats", "session"), "settings/defaults_gen.go")
	for _, want := range []string{
		"\t\"example.com/updater/internal/ws/natslayer\"\n\t\"example.com/updater/internal/ws/session\"\n",
		"\tNATS natslayer.Config\n",
		"\tSession session.Config\n",
		"natslayer.DefaultConfig(\"updater\"),\n",
		"session.DefaultConfig(\"updater\"),\n",
		"b.Server.Validate(), b.NATS.Validate(), b.Session.Validate())\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the settings lack\n%s\nin\n%s", want, text)
		}
	}
}

// The test of a stub connects as a user where nobody else is let in, and sees that nobody else is.
func TestStubTestOfARequiredUser(t *testing.T) {
	for _, auth := range []string{"none", "jwt"} {
		text := textOf(t, withParts("memory", auth), "consumers/chat_consumer_test.go")
		for _, word := range []string{`wstest.User("alice")`, "func TestChatConsumerWantsAUser", `"net/http"`, `"/ws/chat/lobby", http.StatusUnauthorized`} {
			if got := strings.Contains(text, word); got != (auth != "none") {
				t.Errorf("auth %s: the test holds %s: %v\n%s", auth, word, got, text)
			}
		}
	}
}

// The client says how users are known, which the page goes by, and says nothing where they are not.
func TestClientTellsTheAuth(t *testing.T) {
	for _, auth := range []string{"none", "session", "jwt"} {
		p := withParts("memory", auth)
		for name, want := range map[string]string{
			"client/index.js":   `export const auth = "` + auth + `";`,
			"client/index.d.ts": `export declare const auth: "` + auth + `";`,
		} {
			text := textOf(t, p, name)
			if got := strings.Contains(text, want); got != (auth != "none") {
				t.Errorf("auth %s: %s holds %s: %v\n%s", auth, name, want, got, text)
			}
		}
	}
}

// Every import of a generated file is of a package that the project has, and is used in that file.
func TestImportsOfPartsAreThere(t *testing.T) {
	for _, p := range allParts() {
		for _, name := range []string{"routing/routing_gen.go", "settings/defaults_gen.go"} {
			text := textOf(t, p, name)
			file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, imported := range file.Imports {
				path := strings.Trim(imported.Path.Value, `"`)
				if last := path[strings.LastIndexByte(path, '/')+1:]; !strings.Contains(text, last+".") {
					t.Errorf("layer %s, auth %s: %s imports %s and does not use it", p.Layer, p.Auth, name, path)
				}
			}
		}
	}
}

func TestJoinSums(t *testing.T) {
	got := joinSums([][]byte{
		[]byte("b.org/b v1.10.0 h1:a=\nb.org/b v1.10.0/go.mod h1:b=\n"),
		[]byte("b.org/b v1.9.0/go.mod h1:c=\na.org/a v1.0.0 h1:d=\nb.org/b v1.10.0 h1:a=\n"),
	})
	const want = "a.org/a v1.0.0 h1:d=\nb.org/b v1.9.0/go.mod h1:c=\nb.org/b v1.10.0 h1:a=\nb.org/b v1.10.0/go.mod h1:b=\n"
	if string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// A project that has been given a layer later gets what its go.mod and go.sum lack, and a second run finds nothing to do.
func TestRequirementsOfAPartAreSpliced(t *testing.T) {
	before := withParts("memory", "none")
	for _, name := range []string{"go.mod", "go.sum"} {
		text := textOf(t, before, name)
		for _, p := range []*model.Project{withParts("redis", "jwt"), withParts("nats", "jwt"), withParts("nats", "session")} {
			for _, f := range files(t, p) {
				if f.Path != name {
					continue
				}
				for run := range 2 {
					spliced, err := f.Render([]byte(text))
					if err != nil {
						t.Fatal(err)
					}
					if run == 1 && string(spliced) != text {
						t.Errorf("%s: the second run made\n%s", name, spliced)
					}
					text = string(spliced)
				}
			}
		}
		for _, want := range []string{"redis/rueidis v1.0.69", "nats-io/nats.go v1.49.0", "golang-jwt/jwt/v5 v5.3.1", "alexedwards/scs/v2 v2.9.0"} {
			if strings.Count(text, want+" ")+strings.Count(text, want+"\n") != 1 {
				t.Errorf("%s does not hold %s once:\n%s", name, want, text)
			}
		}
		if name == "go.mod" && strings.Count(text, "golang.org/x/sys") != 1 {
			t.Errorf("a later layer asks for another golang.org/x/sys:\n%s", text)
		}
	}
}

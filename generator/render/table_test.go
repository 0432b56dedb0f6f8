package render

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"wsgen/generator/model"
	"wsgen/templates"
)

// emptyProject is the project of the empty spec, as which templates/project is compiled in place.
func emptyProject() *model.Project {
	return &model.Project{Service: "project", Module: sourceModule, Layer: "memory", Auth: "none"}
}

// chatProject has a consumer of each mode, with and without a route, and a parameter of each Go type.
func chatProject() *model.Project {
	room := model.Param{Name: "room", Converter: "slug", Field: "Room", GoType: "string", Getter: "String", JSType: "string", Example: "lobby"}
	id := model.Param{Name: "user_id", Converter: "int", Field: "UserID", GoType: "int64", Getter: "Int64", JSType: "number | bigint | string", Example: "7"}
	rest := model.Param{Name: "rest", Converter: "path", Field: "Rest", GoType: "string", Getter: "String", JSType: "string", Example: "a/b c"}
	chat := &model.Consumer{
		Name: "chat", Mode: model.Async, Outbound: "latest", Concurrency: 4,
		Type: "ChatConsumer", ParamsType: "ChatParams", Constructor: "NewChatConsumer", TestName: "TestChatConsumer",
		File: "consumers/chat_consumer.go", TestFile: "consumers/chat_consumer_test.go", JSClass: "ChatSocket",
		Params: []model.Param{room, id, rest},
	}
	idle := &model.Consumer{
		Name: "idle", Mode: model.Sync, Outbound: "disconnect",
		Type: "IdleConsumer", ParamsType: "IdleParams", Constructor: "NewIdleConsumer", TestName: "TestIdleConsumer",
		File: "consumers/idle_consumer.go", TestFile: "consumers/idle_consumer_test.go", JSClass: "IdleSocket",
	}
	chat.Routes = []*model.Route{
		{Path: "/ws/chat/{room:slug}", Consumer: chat, Segments: []model.Segment{{Literal: "ws"}, {Literal: "chat"}, {Param: &room}}},
		{Path: "/ws/fünf/{user_id:int}/{rest:path}", Consumer: chat,
			Segments: []model.Segment{{Literal: "ws"}, {Literal: "fünf"}, {Param: &id}, {Param: &rest}}},
	}
	return &model.Project{
		Service: "updater", Module: "example.com/updater", Layer: "memory", Auth: "none",
		AllowedOrigins: []string{"https://example.com", `https://"quoted`},
		Consumers:      []*model.Consumer{chat, idle}, Routes: chat.Routes,
	}
}

// files returns the files of a project.
func files(t testing.TB, p *model.Project) []File {
	t.Helper()
	all, err := Project(p)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// renderNew renders a file as if there were no such file yet.
func renderNew(t testing.TB, f File) []byte {
	t.Helper()
	text, err := f.Render(nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// notEmitted names the files below templates/project that no project gets, apart from Go tests and what they read.
func notEmitted(name string, emitted map[string]bool) bool {
	switch {
	case emitted[name+templateSuffix]: // the sample of a template, compiled in place
		return true
	case path.Dir(name) == "internal/ws/layertest": // what the tests of the layers share
		return true
	case strings.HasSuffix(name, "_test.go"), slices.Contains(strings.Split(path.Dir(name), "/"), "testdata"):
		return true
	}
	return false
}

func TestEverySourceIsEmitted(t *testing.T) {
	src, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	emitted := make(map[string]bool)
	for _, p := range allParts() {
		rows, err := table(p, src)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			for _, source := range append([]string{r.source}, r.more...) {
				emitted[source] = true
				if _, err := fs.Stat(src.fsys, source); err != nil {
					t.Errorf("%s: %v", r.path, err)
				}
			}
		}
	}
	err = fs.WalkDir(src.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !emitted[name] && !notEmitted(name, emitted) {
			t.Errorf("templates/project/%s is not in the plan table", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// withBothModes is chatProject with a route to its sync consumer too, and with streams.
func withBothModes() *model.Project {
	p := chatProject()
	idle := p.Consumers[1]
	idle.Routes = []*model.Route{{Path: "/ws/idle", Consumer: idle, Segments: []model.Segment{{Literal: "ws"}, {Literal: "idle"}}}}
	p.Routes = append(p.Routes, idle.Routes...)
	p.Streams = []model.Stream{{Family: "job", History: 1000, TTL: 600}, {Family: "room", History: 50, TTL: 3630, Latest: true}}
	return p
}

// allParts returns withBothModes over each layer and with each auth.
func allParts() (all []*model.Project) {
	for _, layer := range []string{"memory", "redis", "nats"} {
		for _, auth := range []string{"none", "session", "jwt"} {
			p := withBothModes()
			p.Layer, p.Auth = layer, auth
			p.Consumers[0].AuthRequired = auth != "none"
			all = append(all, p)
		}
	}
	return all
}

// The samples that stand beside some templates are what those give for the empty spec: so that the folder compiles, and so
// that its tests are tests of what is emitted.
func TestSamplesAreTheEmptyProject(t *testing.T) {
	for _, f := range files(t, emptyProject()) {
		sample, err := fs.ReadFile(templates.FS, "project/"+f.Path)
		if err != nil {
			continue // no sample stands here
		}
		if _, err := fs.Stat(templates.FS, "project/"+f.Path+templateSuffix); err != nil {
			continue // the source itself
		}
		if got := renderNew(t, f); !bytes.Equal(got, sample) {
			t.Errorf("templates/project/%s is not what its template makes of the empty spec, which is:\n%s", f.Path, got)
		}
	}
}

func TestProjectIsSortedAndUnique(t *testing.T) {
	all := files(t, chatProject())
	for i := 1; i < len(all); i++ {
		if all[i-1].Path >= all[i].Path {
			t.Errorf("%s stands before %s", all[i-1].Path, all[i].Path)
		}
	}
}

func TestRenderIsDeterministic(t *testing.T) {
	first, second := files(t, chatProject()), files(t, chatProject())
	for i := range first {
		a, b := renderNew(t, first[i]), renderNew(t, second[i])
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs between two runs", first[i].Path)
		}
		if len(a) == 0 {
			t.Errorf("%s is empty", first[i].Path)
		}
		if !bytes.HasSuffix(a, []byte("\n")) || bytes.HasSuffix(a, []byte("\n\n")) {
			t.Errorf("%s does not end in one newline", first[i].Path)
		}
	}
}

func TestFirstLineTellsTheOwner(t *testing.T) {
	for _, f := range files(t, withBothModes()) {
		text := renderNew(t, f)
		marked := bytes.HasPrefix(text, []byte(header))
		if want := f.Owner == Generated && path.Ext(f.Path) != ".json"; marked != want {
			t.Errorf("%s (%s): begins with the header: %v, want %v", f.Path, f.Owner, marked, want)
		}
		if n := bytes.Count(text, []byte("Code generated by wsgen; DO NOT EDIT.")); marked && n != 1 {
			t.Errorf("%s holds the header %d times", f.Path, n)
		}
	}
}

func TestAConsumerWithoutARoute(t *testing.T) {
	var stub *File
	for _, f := range files(t, chatProject()) {
		switch f.Path {
		case "consumers/idle_consumer.go":
			stub = &f
		case "consumers/idle_consumer_test.go":
			t.Errorf("a test was made for a consumer that no path leads to")
		case "consumers/chat_consumer.go":
			if !f.Needed {
				t.Errorf("%s: the routing constructs it, so it is needed", f.Path)
			}
		}
	}
	if stub == nil {
		t.Fatal("it got no stub")
	}
	if stub.Needed {
		t.Errorf("nothing constructs its stub, so the project builds without it")
	}
}

func TestExamplePaths(t *testing.T) {
	routes := chatProject().Routes
	for i, want := range []string{"/ws/chat/lobby", "/ws/f%C3%BCnf/7/a/b%20c"} {
		if got := examplePath(routes[i]); got != want {
			t.Errorf("%s: got %s, want %s", routes[i].Path, got, want)
		}
	}
}

// The static sources are compiled and tested against wsgen's own requirements, so a project has to get the same.
func TestEmittedVersionsAreTheTestedOnes(t *testing.T) {
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	own, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	tested := make(map[string]string)
	for _, r := range own.Require {
		tested[r.Mod.Path] = r.Mod.Version
	}
	sums, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range allParts() {
		emitted, err := modfile.Parse("go.mod", []byte(textOf(t, p, "go.mod")), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(emitted.Require) == 0 {
			t.Error("the emitted go.mod requires nothing")
		}
		hashes := textOf(t, p, "go.sum")
		for _, r := range emitted.Require {
			line := r.Mod.Path + " " + r.Mod.Version
			if !strings.Contains(hashes, line+" h1:") || !strings.Contains(hashes, line+"/go.mod h1:") {
				t.Errorf("layer %s, auth %s: go.sum lacks %s", p.Layer, p.Auth, line)
			}
			if r.Indirect {
				continue // the least version that will do; what wsgen itself needs may ask for a later one
			}
			if tested[r.Mod.Path] != r.Mod.Version {
				t.Errorf("%s: %s is emitted, %s is tested", r.Mod.Path, r.Mod.Version, tested[r.Mod.Path])
			}
			for l := range strings.Lines(hashes) {
				if strings.HasPrefix(l, line+" ") && !strings.Contains(string(sums), l) {
					t.Errorf("go.sum: our own has no line %s", l)
				}
			}
		}
	}
}

// The binary of "go build" lands beside these, and macOS and Windows take makefile for Makefile.
func TestNoServiceIsCalledLikeWhatAProjectHolds(t *testing.T) {
	for _, f := range files(t, withParts("redis", "session")) {
		entry, _, _ := strings.Cut(f.Path, "/")
		if name := strings.ToLower(entry); !strings.Contains(name, ".") && model.ServiceName(name) == nil {
			t.Errorf("a service may be called %s, and a project holds %s", name, entry)
		}
	}
}

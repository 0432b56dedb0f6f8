package render

import (
	"path"
	"slices"
	"strings"
	"testing"

	"wsgen/generator/model"
)

// The routing names what each family keeps, before any route.
func TestRoutingKeepsStreams(t *testing.T) {
	p := chatProject()
	p.Streams = []model.Stream{
		{Family: "job", History: 1000, TTL: 600},
		{Family: "k", History: 1, TTL: 1, Latest: true},
		{Family: "room", History: 50, TTL: 24 * 60 * 60},
	}
	text := textOf(t, p, "routing/routing_gen.go")
	const want = `	layer.Keep("job", ws.History{Messages: 1000, Bytes: cfg.Limits.HistoryBytes, TTL: 10 * time.Minute})
	layer.Keep("k", ws.History{Messages: 1, Bytes: cfg.Limits.HistoryBytes, TTL: time.Second, Latest: true})
	layer.Keep("room", ws.History{Messages: 50, Bytes: cfg.Limits.HistoryBytes, TTL: 24 * time.Hour})
	return ws.NewRouter(`
	if !strings.Contains(text, want) {
		t.Errorf("the routing lacks\n%s\nin\n%s", want, text)
	}
}

func TestTTL(t *testing.T) {
	for seconds, want := range map[int]string{
		1: "time.Second", 59: "59 * time.Second", 60: "time.Minute", 90: "90 * time.Second", 5400: "90 * time.Minute",
		3600: "time.Hour", 7200: "2 * time.Hour", 86400: "24 * time.Hour", 3661: "3661 * time.Second",
	} {
		if got := (routingStream{seconds: seconds}).TTL(); got != want {
			t.Errorf("%d seconds: got %s, want %s", seconds, got, want)
		}
	}
}

// A page loads the code for streams where the spec has some, and nothing of it elsewhere.
func TestClientHasStreamsOnlyWhereTheSpecDoes(t *testing.T) {
	names := func(p *model.Project) (all []string) {
		for _, f := range files(t, p) {
			if path.Dir(f.Path) == "client" {
				all = append(all, f.Path)
			}
		}
		return all
	}
	without := chatProject()
	if got := names(without); slices.Contains(got, "client/streams.js") {
		t.Errorf("without streams the client is %q", got)
	}
	if text := textOf(t, without, "client/index.js"); strings.Contains(text, "streams.js") {
		t.Errorf("without streams the client's index is\n%s", text)
	}
	with := withBothModes()
	if got := names(with); !slices.Contains(got, "client/streams.js") {
		t.Errorf("with streams the client is %q", got)
	}
	if text := textOf(t, with, "client/index.js"); !strings.Contains(text, `from "./streams.js"`) {
		t.Errorf("with streams the client's index is\n%s", text)
	}
}

// textOf renders one file of a project.
func textOf(t *testing.T, p *model.Project, name string) string {
	t.Helper()
	for _, f := range files(t, p) {
		if f.Path == name {
			return string(renderNew(t, f))
		}
	}
	t.Fatalf("%s is not emitted", name)
	return ""
}

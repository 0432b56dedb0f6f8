package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestWhereARouteLeads: on a terminal the consumer is asked for, and the command that asks nothing is printed.
func TestWhereARouteLeads(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "new", "updater", "--consumer", "chat", "--consumer", "tick")
	project := filepath.Join(dir, "updater")
	p, out, errs, code := atTerminal(t, []string{"tick"}, "add", "route", "/ws/{n:int}", "-C", project)
	if code != exitDone || !slices.Equal(p.asked, []string{"Consumer of /ws/{n:int}"}) {
		t.Fatalf("asked %q, exit code %d: %s", p.asked, code, errs)
	}
	if want := "the same without questions:\n  wsgen add route '/ws/{n:int}' --to tick"; !strings.Contains(out, want) {
		t.Errorf("%q is not in\n%s", want, out)
	}
	if spec := read(t, filepath.Join(project, "wsgen.yaml")); !strings.Contains(spec, "  /ws/{n:int}: tick\n") {
		t.Errorf("the route is not in\n%s", spec)
	}

	before, err := describe(project)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, code := atTerminal(t, nil, "add", "route", "/ws/other", "-C", project); code != exitInterrupted {
		t.Errorf("leaving the question exits with %d", code)
	}
	if now, err := describe(project); err != nil || now != before {
		t.Errorf("something was written (%v)", err)
	}
}

// TestNothingToLeadTo: where the spec has no consumer nothing is asked, and the command that adds one is named.
func TestNothingToLeadTo(t *testing.T) {
	dir := t.TempDir()
	mustRun(t, dir, "new", "updater")
	project := filepath.Join(dir, "updater")
	text := "version: 1\nservice: updater\nmodule: example.com/updater\n"
	if err := os.WriteFile(filepath.Join(project, "wsgen.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, _, errs, code := atTerminal(t, nil, "add", "route", "/ws/other", "-C", project)
	if code != exitUsage || len(p.asked) > 0 || !strings.Contains(errs, "wsgen add consumer NAME --path /ws/other") {
		t.Errorf("asked %q, exit code %d: %s", p.asked, code, errs)
	}
}

// TestRouteLikeAnother: a second route with the same parameters breaks every page that makes the class without naming a route, and
// those places are told; where it breaks nothing nothing is said.
func TestRouteLikeAnother(t *testing.T) {
	dir := t.TempDir()
	must(t, "-C", dir, "new", "updater", "--consumer", "chat:async:/ws/chat/{room:slug}", "--consumer", "chat_room", "-q")
	project := filepath.Join(dir, "updater")
	plant(t, project, "web/rooms.js", `import { ChatRoomSocket, ChatSocket } from "/client/index.js";
const plain = new ChatRoomSocket();
const named = new ChatRoomSocket({}, { route: "/ws/chat_room" });
const other = new ChatSocket({ room: "lobby" });
class Mine extends ChatRoomSocket {}
`)
	for _, tc := range []struct {
		path, to string
		says     string // "" for nothing
		lines    []int
	}{
		{"/ws/rooms/{name:slug}", "chat_room", "", nil},
		{"/ws/lobby", "chat_room", "as in new ChatRoomSocket({}, { route: \"/ws/chat_room\" })", []int{2, 5}},
		{"/ws/lobby", "chat_room", "", nil},
		{"/ws/hall", "chat_room", "", nil},
		{"/ws/talk/{room:slug}", "chat", "as in new ChatSocket({ room }, { route: \"/ws/chat/{room:slug}\" })", []int{4}},
	} {
		var object struct{ Left []leftReport }
		out, _ := must(t, "add", "route", tc.path, "--to", tc.to, "-C", project, "-n", "--json")
		if err := json.Unmarshal([]byte(out), &object); err != nil {
			t.Fatal(err)
		}
		var lines []int
		for _, l := range object.Left {
			if l.Path == "web/rooms.js" {
				lines = append(lines, l.Line)
			}
		}
		if !slices.Equal(lines, tc.lines) {
			t.Errorf("%s: left are %v, want lines %v", tc.path, object.Left, tc.lines)
		}
		_, errs := must(t, "add", "route", tc.path, "--to", tc.to, "-C", project)
		if !strings.Contains(errs, tc.says) || strings.Contains(errs, "warning") != (tc.says != "") {
			t.Errorf("%s: %q, want %q", tc.path, errs, tc.says)
		}
		for _, line := range tc.lines {
			if want := fmt.Sprintf("/web/rooms.js:%d: ", line); !strings.Contains(filepath.ToSlash(errs), want) {
				t.Errorf("%s: %q is not in\n%s", tc.path, want, errs)
			}
		}
	}
}

package emit

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wsgen/generator/render"
)

// The paths of the edits: the stub of the sample, and where it is renamed to.
const (
	chat = "consumers/chat_consumer.go"
	room = "consumers/room_consumer.go"
)

// toRoom renames what the stub of the sample is about.
func toRoom(text []byte) ([]byte, error) {
	return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("Chat"), []byte("Room")), []byte("chat"), []byte("room")), nil
}

// chats is the sample with a stub that has something to rename.
func chats() []render.File {
	return with(sample(), needed(chat, pristine))
}

// rooms is chats once the consumer is called room.
func rooms() []render.File {
	return with(without(chats(), chat), needed(room, renamed))
}

// editRule is one edit in one state of the file, what a plan decides about it, and what stands on the disk afterwards.
type editRule struct {
	name  string
	edit  func(t *testing.T, dir string) // behind wsgen's back
	edits []Edit
	files []render.File
	force bool
	plan  string            // the summary
	again string            // that of generate afterwards
	want  map[string]string // texts afterwards; "" for: not there
	fails bool              // with a *ConflictError
}

// What the stub of chats is before it is renamed, after, and once the user has edited it.
const (
	pristine = "package consumers\n\ntype ChatConsumer struct{}\n"
	renamed  = "package consumers\n\ntype RoomConsumer struct{}\n"
	mine     = "package consumers\n\ntype ChatConsumer struct{ mine int }\n"
)

func removalRules() []editRule {
	gone := []Edit{{Path: chat}}
	return []editRule{
		{name: "removal", edits: gone, files: without(chats(), chat), plan: "delete stale " + chat,
			want: map[string]string{chat: "", basePath(chat): ""}},
		{name: "removal of a checkout on Windows", edit: put(chat, strings.ReplaceAll(pristine, "\n", "\r\n")), edits: gone,
			files: without(chats(), chat), plan: "delete stale " + chat, want: map[string]string{chat: ""}},
		{name: "removal, edited", edit: put(chat, mine), edits: gone, files: without(chats(), chat), plan: "keep stale " + chat,
			want: map[string]string{chat: mine, basePath(chat): pristine}},
		{name: "removal, edited, forced", edit: put(chat, mine), edits: gone, files: without(chats(), chat), force: true, plan: "delete stale " + chat,
			want: map[string]string{chat: "", basePath(chat): "", trashDir + "/1/" + chat: mine}},
		{name: "removal of what is gone", edit: rm(chat), edits: gone, files: without(chats(), chat),
			want: map[string]string{chat: "", basePath(chat): ""}},
		{name: "removal of what was never recorded", edit: put("mine.go", mine), edits: []Edit{{Path: "mine.go"}}, files: chats(), force: true,
			want: map[string]string{"mine.go": mine}},
		{name: "removal of what was there before wsgen", edit: func(t *testing.T, dir string) {
			write(t, dir, "Dockerfile", mine)
			if _, err := generate(t, dir, with(chats(), own("Dockerfile", mine)), Options{}); err != nil {
				t.Fatal(err)
			}
		}, edits: []Edit{{Path: "Dockerfile"}}, files: chats(), force: true, want: map[string]string{"Dockerfile": mine}},
		{name: "removal of a rendered file", edits: []Edit{{Path: "Makefile"}}, files: chats(), plan: "delete stale Makefile", again: "create pending Makefile",
			want: map[string]string{"Makefile": "", basePath("Makefile"): ""}},
		{name: "removal of a rendered file that is gone", edit: rm("Makefile"), edits: []Edit{{Path: "Makefile"}}, files: chats(), again: "create pending Makefile",
			want: map[string]string{"Makefile": "", basePath("Makefile"): ""}},
		{name: "removal of what is not there", edits: []Edit{{Path: "mine.go"}}, files: chats(), want: map[string]string{"mine.go": ""}},
	}
}

func moveRules() []editRule {
	moved := []Edit{{Path: chat, To: room, Rewrite: toRoom}}
	return []editRule{
		{name: "move", edits: moved, files: rooms(), plan: "delete stale " + chat + ", create pending " + room,
			want: map[string]string{chat: "", room: renamed, basePath(chat): "", basePath(room): renamed}},
		{name: "move, edited", edit: put(chat, mine), edits: moved, files: rooms(), plan: "delete stale " + chat + ", create pending " + room,
			want: map[string]string{chat: "", room: strings.ReplaceAll(mine, "Chat", "Room"), basePath(chat): "", basePath(room): renamed}},
		{name: "move, and the spec asks for no such file", edits: moved, files: without(chats(), chat), plan: "delete stale " + chat + ", create pending " + room,
			want: map[string]string{chat: "", room: renamed, basePath(room): renamed}},
		{name: "move of a file without a base", edit: rm(basePath(chat)), edits: moved, files: rooms(), plan: "delete stale " + chat + ", create pending " + room,
			want: map[string]string{chat: "", room: renamed, basePath(room): ""}},
		{name: "move of a file with a damaged base", edit: put(basePath(chat), "Chat, damaged\n"), edits: moved, files: rooms(),
			plan: "delete stale " + chat + ", create pending " + room, want: map[string]string{room: renamed, basePath(room): "Room, damaged\n"}},
		{name: "move of what is gone", edit: rm(chat), edits: moved, files: rooms(), plan: "create missing " + room,
			want: map[string]string{chat: "", room: renamed, basePath(chat): "", basePath(room): renamed}},
		{name: "move of what is gone and may be", edit: rm("Makefile"), edits: []Edit{{Path: "Makefile", To: "GNUmakefile"}},
			files: with(without(chats(), "Makefile"), own("GNUmakefile", "new\n")),
			want:  map[string]string{"GNUmakefile": "", basePath("Makefile"): "", basePath("GNUmakefile"): "check:\n\twsgen check\n"}},
		{name: "move of what is gone, and the spec asks for no such file", edit: rm(chat), edits: moved, files: without(chats(), chat),
			want: map[string]string{room: "", basePath(chat): "", basePath(room): ""}},
		{name: "move of what was moved by hand", edit: func(t *testing.T, dir string) { rm(chat)(t, dir); put(room, mine)(t, dir) },
			edits: moved, files: rooms(), want: map[string]string{room: mine, basePath(chat): "", basePath(room): renamed}},
		{name: "move of what was never recorded", edit: put("mine.go", mine), edits: []Edit{{"mine.go", "yours.go", toRoom}}, files: chats(),
			plan: "delete stale mine.go, create pending yours.go", want: map[string]string{"mine.go": "", "yours.go": strings.ReplaceAll(mine, "Chat", "Room")}},
		{name: "move of what was never recorded, to where something was", edit: func(t *testing.T, dir string) { rm("Makefile")(t, dir); put("mine.mk", mine)(t, dir) },
			edits: []Edit{{Path: "mine.mk", To: "Makefile"}}, files: chats(), plan: "create pending Makefile, delete stale mine.mk",
			want: map[string]string{"Makefile": mine, basePath("Makefile"): ""}},
		{name: "move onto a file", edit: put(room, "mine\n"), edits: moved, files: rooms(), plan: "conflict blocked " + room,
			want: map[string]string{chat: pristine, room: "mine\n"}, fails: true},
		{name: "move onto a file, forced", edit: put(room, "mine\n"), edits: moved, files: rooms(), force: true, plan: "conflict blocked " + room,
			want: map[string]string{chat: pristine, room: "mine\n"}, fails: true},
		{name: "move onto a folder", edit: put(room+"/x", "mine\n"), edits: moved, files: rooms(), plan: "conflict blocked " + room,
			want: map[string]string{chat: pristine, room + "/x": "mine\n"}, fails: true},
		{name: "move into a file", edit: put("deep", "mine\n"), edits: []Edit{{Path: chat, To: "deep/room.go"}}, files: without(chats(), chat),
			plan: "conflict blocked deep/room.go", want: map[string]string{chat: pristine, "deep": "mine\n"}, fails: true},
		{name: "move onto a file of another case", edit: put("consumers/Room_Consumer.go", "mine\n"), edits: moved, files: rooms(),
			plan: "conflict blocked " + room, want: map[string]string{chat: pristine, room: ""}, fails: true},
		{name: "move to another case", edits: []Edit{{Path: "Makefile", To: "makefile"}}, files: without(chats(), "Makefile"),
			plan: "delete stale Makefile, create pending makefile",
			want: map[string]string{"Makefile": "", "makefile": "check:\n\twsgen check\n", basePath("Makefile"): "", basePath("makefile"): "check:\n\twsgen check\n"}},
	}
}

func inPlaceRules() []editRule {
	inPlace := []Edit{{Path: chat, To: chat, Rewrite: toRoom}}
	return []editRule{
		{name: "in place", edits: inPlace, files: chats(), plan: "update pending " + chat, want: map[string]string{chat: renamed, basePath(chat): renamed}},
		{name: "in place, edited", edit: put(chat, mine), edits: inPlace, files: chats(), plan: "update pending " + chat,
			want: map[string]string{chat: strings.ReplaceAll(mine, "Chat", "Room"), basePath(chat): renamed}},
		{name: "in place, nothing to change but in the base", edit: put(chat, "package consumers\n"), edits: inPlace, files: chats(),
			want: map[string]string{chat: "package consumers\n", basePath(chat): renamed}},
		{name: "in place, nothing to change", edits: []Edit{{Path: chat, To: chat}}, files: chats(), want: map[string]string{chat: pristine, basePath(chat): pristine}},
		{name: "in place, never recorded", edit: put("mine.go", mine), edits: []Edit{{"mine.go", "mine.go", toRoom}}, files: chats(), plan: "update pending mine.go",
			want: map[string]string{"mine.go": strings.ReplaceAll(mine, "Chat", "Room"), basePath("mine.go"): ""}},
		{name: "in place, gone and needed", edit: rm(chat), edits: inPlace, files: chats(), plan: "create missing " + chat, want: map[string]string{chat: pristine}},
		{name: "in place, adopted", edit: put("Dockerfile", "FROM Chat\n"), edits: []Edit{{"Dockerfile", "Dockerfile", toRoom}},
			files: with(chats(), own("Dockerfile", "FROM x\n")), plan: "update pending Dockerfile", want: map[string]string{"Dockerfile": "FROM Room\n", basePath("Dockerfile"): ""}},
		{name: "in place, empty", edits: []Edit{{chat, chat, func([]byte) ([]byte, error) { return []byte{}, nil }}}, files: chats(), plan: "update pending " + chat,
			want: map[string]string{chat: "<empty>", basePath(chat): "<empty>"}},
	}
}

// TestEdits carries each rule out, and looks at the plan of generate afterwards.
func TestEdits(t *testing.T) {
	for _, test := range slices.Concat(removalRules(), moveRules(), inPlaceRules()) {
		t.Run(test.name, func(t *testing.T) {
			dir := project(t, chats())
			if test.edit != nil {
				test.edit(t, dir)
			}
			before := snapshot(t, dir)
			o := Options{Version: testVersion, Force: test.force, Edits: test.edits, Command: "rename consumer chat room"}
			p, err := open(t, dir).Plan(test.files, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(p); got != test.plan {
				t.Errorf("plan: got %q, want %q", got, test.plan)
			}
			for _, op := range p.Ops {
				if op.Action == Keep && op.State != Current && op.Fix == "" || op.State != Current && op.State != Pending && op.Reason == "" {
					t.Errorf("%s %s %s: reason %q, fix %q", op.Action, op.State, op.Path, op.Reason, op.Fix)
				}
			}
			mustEqual(t, snapshot(t, dir), before)
			var conflict *ConflictError
			if _, err := generate(t, dir, test.files, o); errors.As(err, &conflict) != test.fails || err != nil && !test.fails {
				t.Errorf("apply: %v", err)
			}
			mustHold(t, dir, test.want)
			if test.fails {
				mustEqual(t, snapshot(t, dir), before)
				return
			}
			mustBeAnnounced(t, p, before, snapshot(t, dir))
			mustRecordWhatIsThere(t, dir)
			again := plan(t, open(t, dir), test.files)
			if got := summary(&Plan{Ops: again.Changes()}); got != test.again {
				t.Errorf("generate afterwards: got %q, want %q", got, test.again)
			}
			if len(history(t, dir)) > 0 {
				mustUndo(t, dir)
			}
			mustEqual(t, committed(snapshot(t, dir)), committed(before))
		})
	}
}

// mustHold checks texts by path: "" for none, "<empty>" for an empty file.
func mustHold(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	for path, text := range want {
		switch {
		case text == "" && there(dir, path):
			t.Errorf("%s is there: %q", path, read(t, dir, path))
		case text == "":
		case !there(dir, path):
			t.Errorf("%s is not there", path)
		case read(t, dir, path) != strings.TrimSuffix(text, "<empty>"):
			t.Errorf("%s: got %q, want %q", path, read(t, dir, path), text)
		}
	}
}

// mustBeAnnounced checks that the files that changed are those that the plan names, and that they hold what it says.
func mustBeAnnounced(t *testing.T, p *Plan, before, after map[string]string) {
	t.Helper()
	said := make(map[string]Op)
	for _, op := range p.Changes() {
		said[op.Path] = op
	}
	before, after = users(before), users(after)
	all := maps.Clone(before)
	maps.Copy(all, after)
	for path := range all {
		op, announced := said[path]
		if changed := before[path] != after[path]; changed != announced {
			t.Errorf("%s: changed %v, announced %v", path, changed, announced)
		}
		if announced && op.Action != Delete && !strings.HasSuffix(after[path], " "+string(op.New)) {
			t.Errorf("%s: holds %q, announced %q", path, after[path], op.New)
		}
	}
}

// mustRecordWhatIsThere checks that each base is one that the manifest knows, unless the test damaged it.
func mustRecordWhatIsThere(t *testing.T, dir string) {
	t.Helper()
	m := open(t, dir).manifest
	for p, text := range snapshot(t, dir) {
		inBase, ok := strings.CutPrefix(p, baseDir+"/")
		if !ok || strings.HasSuffix(p, "/") || strings.Contains(text, "damaged") {
			continue
		}
		if rec, known := m.files[fromBase(inBase)]; !known || rec.owner != render.Yours || !rec.wrote([]byte(read(t, dir, p))) {
			t.Errorf("%s: recorded as %+v, %v", p, rec, known)
		}
	}
}

// TestEditsBackAndForth renames and renames back, which leaves no trace.
func TestEditsBackAndForth(t *testing.T) {
	back := func(text []byte) ([]byte, error) {
		return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("Room"), []byte("Chat")), []byte("room"), []byte("chat")), nil
	}
	for name, edit := range map[string]func(*testing.T, string){
		"as written":        func(*testing.T, string) {},
		"edited":            put(chat, "package consumers // Chat and\r\nmore"),
		"base lost":         rm(basePath(chat)),
		"base damaged":      put(basePath(chat), "Chat\n"),
		"edited, base lost": func(t *testing.T, dir string) { put(chat, "Chat\n")(t, dir); rm(basePath(chat))(t, dir) },
		"a mode of its own": func(t *testing.T, dir string) { chmod(t, dir, chat, 0o666) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, chats())
			edit(t, dir)
			before := tidy(snapshot(t, dir))
			if _, err := generate(t, dir, rooms(), Options{Edits: []Edit{{chat, room, toRoom}}}); err != nil {
				t.Fatal(err)
			}
			if there(dir, chat) || !there(dir, room) {
				t.Fatal("not renamed")
			}
			if _, err := generate(t, dir, chats(), Options{Edits: []Edit{{room, chat, back}}}); err != nil {
				t.Fatal(err)
			}
			after := tidy(snapshot(t, dir))
			delete(after, localDir+"/")
			delete(before, localDir+"/")
			mustEqual(t, after, before)
		})
	}
}

func chmod(t testing.TB, dir, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(filepath.Join(dir, filepath.FromSlash(path)), mode); err != nil {
		t.Fatal(err)
	}
}

// TestMovedFileIsStillAsWritten: after the rename, a removal needs no force, though the base be lost or of no use.
func TestMovedFileIsStillAsWritten(t *testing.T) {
	for name, edit := range map[string]func(*testing.T, string){
		"base": func(*testing.T, string) {}, "base lost": rm(basePath(chat)), "base damaged": put(basePath(chat), "damaged\n"),
	} {
		dir := project(t, chats())
		edit(t, dir)
		if _, err := generate(t, dir, rooms(), Options{Edits: []Edit{{chat, room, toRoom}}}); err != nil {
			t.Fatal(err)
		}
		if _, err := generate(t, dir, without(rooms(), room), Options{Edits: []Edit{{Path: room}}}); err != nil {
			t.Fatal(err)
		}
		if there(dir, room) || there(dir, basePath(room)) {
			t.Errorf("%s: left: %v", name, snapshot(t, dir))
		}
	}
}

// TestMoveToWhereADeletedFileWas: what is moved there is the user's, whatever stood there once.
func TestMoveToWhereADeletedFileWas(t *testing.T) {
	dir := project(t, chats())
	text := read(t, dir, "Makefile")
	remove(t, dir, "Makefile")
	write(t, dir, "mine.mk", text)
	if _, err := generate(t, dir, chats(), Options{Edits: []Edit{{Path: "mine.mk", To: "Makefile"}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := generate(t, dir, without(chats(), "Makefile"), Options{Force: true, Edits: []Edit{{Path: "Makefile"}}}); err != nil {
		t.Fatal(err)
	}
	mustHold(t, dir, map[string]string{"Makefile": text})
}

// TestPlansLeaveTheTreeAlone: one tree may be asked for several plans, to try something out.
func TestPlansLeaveTheTreeAlone(t *testing.T) {
	dir := project(t, chats())
	remove(t, dir, chat)
	tree := open(t, dir)
	want := summary(plan(t, tree, chats()))
	if _, err := tree.Plan(rooms(), Options{Version: testVersion, Edits: []Edit{{chat, room, toRoom}}}); err != nil {
		t.Fatal(err)
	}
	if got := summary(plan(t, tree, chats())); got != want || want == "" {
		t.Errorf("got %q, before %q", got, want)
	}
}

// TestEditsThatAreRefused looks for a *PathError that names the path.
func TestEditsThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		edits []Edit
		path  string
	}{
		"out of the project":          {[]Edit{{Path: "../victim"}}, "../victim"},
		"absolute":                    {[]Edit{{Path: "/etc/passwd", To: "x"}}, "/etc/passwd"},
		"to out of the project":       {[]Edit{{Path: "mine.go", To: "../victim"}}, "../victim"},
		"to a device":                 {[]Edit{{Path: "mine.go", To: "consumers/nul.go"}}, "consumers/nul.go"},
		"wsgen's own":                 {[]Edit{{Path: ManifestPath}}, ManifestPath},
		"to wsgen's own":              {[]Edit{{Path: "mine.go", To: baseDir + "/x"}}, baseDir + "/x"},
		"generated":                   {[]Edit{{Path: routing, To: routing, Rewrite: toRoom}}, routing},
		"generated, and left over":    {[]Edit{{Path: "left_gen.go"}}, "left_gen.go"},
		"spliced":                     {[]Edit{{Path: "go.mod", To: "go.mod", Rewrite: toRoom}}, "go.mod"},
		"to a generated one":          {[]Edit{{Path: "mine.go", To: routing}}, routing},
		"twice":                       {[]Edit{{Path: "mine.go"}, {Path: "mine.go", To: "mine.go"}}, "mine.go"},
		"twice but for the case":      {[]Edit{{Path: "mine.go"}, {Path: "Mine.go"}}, "Mine.go"},
		"two moves to one path":       {[]Edit{{Path: "a.go", To: "c.go"}, {Path: "b.go", To: "C.go"}}, "C.go"},
		"a move to what moves":        {[]Edit{{Path: "a.go", To: "b.go"}, {Path: "b.go", To: "c.go"}}, "b.go"},
		"a file into a file":          {[]Edit{{Path: "a.go", To: "x"}, {Path: "b.go", To: "x/y"}}, "x/y"},
		"a move of what is wanted":    {[]Edit{{Path: chat, To: room}}, chat},
		"to a rendered file but case": {[]Edit{{Path: "mine.go", To: "makefile"}}, "makefile"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, with(chats(), gen("left_gen.go", "x")))
			write(t, filepath.Dir(dir), "victim", "untouched\n")
			before := snapshot(t, dir)
			_, err := open(t, dir).Plan(chats(), Options{Version: testVersion, Force: true, Edits: test.edits})
			var refused *PathError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), fmt.Sprintf("%q", test.path)) {
				t.Errorf("error %v", err)
			}
			mustEqual(t, snapshot(t, dir), before)
			if got := read(t, filepath.Dir(dir), "victim"); got != "untouched\n" {
				t.Errorf("outside: %q", got)
			}
		})
	}
}

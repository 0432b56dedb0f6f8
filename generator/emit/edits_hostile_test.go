package emit

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"wsgen/generator/render"
)

// TestEditsOfWhatIsNoFile meets links and folders where a file of the user's is to be edited. Nothing of them is touched, and
// nothing outside the project; what is there is named, and the project settles.
func TestEditsOfWhatIsNoFile(t *testing.T) {
	edits := map[string]struct {
		edit  Edit
		files []render.File
	}{
		"removal":  {Edit{Path: chat}, without(chats(), chat)},
		"move":     {Edit{chat, room, toRoom}, rooms()},
		"in place": {Edit{chat, chat, toRoom}, chats()},
	}
	for name, make := range map[string]func(t *testing.T, dir, outside string){
		"a link out of the project": func(t *testing.T, dir, outside string) {
			remove(t, dir, chat)
			symlink(t, filepath.Join(outside, "victim"), dir, chat)
		},
		"a link within the project": func(t *testing.T, dir, _ string) {
			remove(t, dir, chat)
			symlink(t, "../go.mod", dir, chat)
		},
		"a link to nowhere": func(t *testing.T, dir, _ string) {
			remove(t, dir, chat)
			symlink(t, "nowhere", dir, chat)
		},
		"a folder": func(t *testing.T, dir, _ string) {
			remove(t, dir, chat)
			write(t, dir, chat+"/x", "Chat\n")
		},
	} {
		for kind, test := range edits {
			t.Run(kind+" of "+name, func(t *testing.T) {
				dir := project(t, chats())
				outside := t.TempDir()
				write(t, outside, "victim", "Chat, untouched\n")
				make(t, dir, outside)
				before := snapshot(t, dir)
				p, err := generate(t, dir, test.files, Options{Force: true, Edits: []Edit{test.edit}})
				if err != nil {
					t.Fatal(err)
				}
				if o := op(t, p, chat); o.Action != Keep || o.State != Blocked || o.Reason == "" || o.Fix == "" {
					t.Errorf("%s %s: reason %q, fix %q", o.Action, o.State, o.Reason, o.Fix)
				}
				after := snapshot(t, dir)
				for path, text := range users(before) {
					if after[path] != text {
						t.Errorf("%s: %q, was %q", path, after[path], text)
					}
				}
				if got := snapshot(t, outside); len(got) != 1 || !strings.HasSuffix(got["victim"], "Chat, untouched\n") {
					t.Errorf("outside: %v", got)
				}
				if again := plan(t, open(t, dir), test.files); len(again.Changes()) > 0 {
					t.Errorf("generate afterwards: %s", summary(again))
				}
			})
		}
	}
}

// TestEditsBehindAWall: a folder of the path leads out of the project, or is a file.
func TestEditsBehindAWall(t *testing.T) {
	for name, make := range map[string]func(t *testing.T, dir, outside string){
		"a link out of the project": func(t *testing.T, dir, outside string) { symlink(t, outside, dir, "wall") },
		"a file":                    func(t *testing.T, dir, _ string) { write(t, dir, "wall", "x") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, chats())
			outside := t.TempDir()
			write(t, outside, "victim.go", "Chat\n")
			make(t, dir, outside)
			before := snapshot(t, dir)
			edits := []Edit{{"wall/victim.go", "wall/victim.go", toRoom}, {Path: "wall/gone.go"}, {"wall/moved.go", "new.go", toRoom}}
			if p, err := generate(t, dir, chats(), Options{Force: true, Edits: edits}); err != nil || len(p.Changes()) > 0 {
				t.Errorf("%s, %v", summary(p), err)
			}
			mustEqual(t, snapshot(t, dir), before)

			var conflict *ConflictError
			_, err := generate(t, dir, without(chats(), chat), Options{Force: true, Edits: []Edit{{chat, "wall/room.go", toRoom}}})
			if !errors.As(err, &conflict) {
				t.Errorf("a move there: %v", err)
			}
			mustEqual(t, snapshot(t, dir), before)
			if got := snapshot(t, outside); len(got) != 1 || !strings.HasSuffix(got["victim.go"], "Chat\n") {
				t.Errorf("outside: %v", got)
			}
		})
	}
}

// TestEditsChangedSinceThePlan: what the user does between the plan and its execution stops it.
func TestEditsChangedSinceThePlan(t *testing.T) {
	for name, edit := range map[string]func(t *testing.T, dir string){
		"the file":                   put(chat, "mine\n"),
		"the file is gone":           rm(chat),
		"the new place is taken":     put(room, "mine\n"),
		"the new place is a folder":  put(room+"/x", "mine\n"),
		"the manifest":               put(ManifestPath, "{}\n"),
		"a file that is changed too": put("mine.go", "changed\n"),
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, chats())
			write(t, dir, "mine.go", "Chat\n")
			tree := open(t, dir)
			p, err := tree.Plan(rooms(), Options{Version: testVersion, Edits: []Edit{{chat, room, toRoom}, {"mine.go", "mine.go", toRoom}}})
			if err != nil {
				t.Fatal(err)
			}
			edit(t, dir)
			before := snapshot(t, dir)
			var changed *ChangedError
			if err := tree.Apply(t.Context(), p); !errors.As(err, &changed) {
				t.Errorf("error %v", err)
			}
			mustEqual(t, snapshot(t, dir), before)
		})
	}
}

// TestUpgradeChangedSinceThePlan is the same for a merge: not a line that the user adds meanwhile is lost.
func TestUpgradeChangedSinceThePlan(t *testing.T) {
	for _, path := range []string{"main.go", routing, "go.mod", ManifestPath} {
		dir := project(t, olds())
		write(t, dir, "go.mod", "module example.com/updater\n\ngo 1.20\n")
		tree := open(t, dir)
		p, err := tree.Plan(news(), Options{Version: nextVersion, Upgrade: MarkBoth})
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, path, "mine\n")
		before := snapshot(t, dir)
		var changed *ChangedError
		if err := tree.Apply(t.Context(), p); !errors.As(err, &changed) {
			t.Errorf("%s: error %v", path, err)
		}
		mustEqual(t, snapshot(t, dir), before)
	}
}

// TestPlansOfTheUsersFilesAreDeterministic: neither the order of the edits nor that of the goroutines shows.
func TestPlansOfTheUsersFilesAreDeterministic(t *testing.T) {
	for _, scene := range userScenes() {
		dir := scene.before(t)
		var first *Plan
		for range 20 {
			p, err := open(t, dir).Plan(scene.files, scene.options)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = p
			}
			if !reflect.DeepEqual(p, first) {
				t.Fatalf("%s: %s, and before %s", scene.name, summary(p), summary(first))
			}
			edits := scene.options.Edits
			if len(edits) > 0 {
				edits[0], edits[len(edits)-1] = edits[len(edits)-1], edits[0]
			}
		}
	}
}

// TestRewriteFails: an error of the rewriting names the file, and nothing is written. That of a base leaves the base as it is.
func TestRewriteFails(t *testing.T) {
	dir := project(t, chats())
	broken := errors.New("line 3: not Go")
	fails := func(text []byte) ([]byte, error) {
		if strings.Contains(string(text), "struct{}") {
			return nil, broken
		}
		return toRoom(text)
	}
	before := snapshot(t, dir)
	_, err := open(t, dir).Plan(rooms(), Options{Version: testVersion, Edits: []Edit{{chat, room, fails}}})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), chat) {
		t.Errorf("error %v", err)
	}
	mustEqual(t, snapshot(t, dir), before)

	base := read(t, dir, chat)
	write(t, dir, chat, "package consumers // Chat\n")
	if _, err := generate(t, dir, rooms(), Options{Edits: []Edit{{chat, room, fails}}}); err != nil {
		t.Fatal(err)
	}
	mustHold(t, dir, map[string]string{room: "package consumers // Room\n", basePath(room): base})
	mustRecordWhatIsThere(t, dir)
}

// TestContinueLeavesADamagedManifestAsItIs: it is for generate to mend, which sees more of it.
func TestContinueLeavesADamagedManifestAsItIs(t *testing.T) {
	for _, text := range []string{"", "not whole"} {
		dir := upgraded(t)
		write(t, dir, "main.go", mainNew)
		if remove(t, dir, ManifestPath); text != "" {
			write(t, dir, ManifestPath, text)
		}
		tree := open(t, dir)
		p, err := tree.PlanContinue(Options{Version: nextVersion})
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Apply(t.Context(), p); err != nil || there(dir, statePath) {
			t.Errorf("%q: %v", text, err)
		}
		mustHold(t, dir, map[string]string{ManifestPath: text})
	}
}

package emit

import (
	"errors"
	"maps"
	"strings"
	"syscall"
	"testing"

	"wsgen/generator/render"
)

// userScene is a project, and a plan that changes files of the user's in it.
type userScene struct {
	name    string
	before  func(t testing.TB) (dir string)
	files   []render.File
	options Options
}

func userScenes() []userScene {
	return []userScene{{
		name: "rename",
		before: func(t testing.TB) string {
			dir := project(t, with(chats(), own("gone_test.go", "package gone\n")))
			write(t, dir, chat, "package consumers // Chat, edited\n")
			chmod(t, dir, chat, 0o600)
			write(t, dir, "gone_test.go", "edited as well\n")
			write(t, dir, "mine.go", "package mine // Chat\n")
			return dir
		},
		files: with(rooms(), gen(routing, "package routing // room\n")),
		options: Options{Version: testVersion, Force: true, Command: "rename consumer chat room",
			Edits: []Edit{{chat, room, toRoom}, {"mine.go", "mine.go", toRoom}, {Path: "gone_test.go"}}},
	}, {
		name: "upgrade",
		before: func(t testing.TB) string {
			dir := project(t, with(olds(), own("web/index.html", "1\n2\n3\n4\n5\n")))
			write(t, dir, "main.go", strings.Replace(mainOld, "two() {}", "two() { mine() }", 1))
			write(t, dir, "web/index.html", "mine\n1\n2\n3\n4\n5\n")
			write(t, dir, "go.mod", "module example.com/updater\n\ngo 1.20\n")
			return dir
		},
		files:   with(news(), own("web/index.html", "1\n2\n3\n4\nfive\n"), own("new.yml", "new\n")),
		options: Options{Version: nextVersion, Upgrade: MarkBoth, Command: "upgrade"},
	}}
}

// run plans and applies the scene in a project.
func (s userScene) run(t testing.TB, dir string, fault func(op, path string) error) error {
	t.Helper()
	tree := open(t, dir)
	p, err := tree.Plan(s.files, s.options)
	if err != nil {
		t.Fatal(err)
	}
	tree.fault = fault
	return tree.Apply(t.Context(), p)
}

// after returns what the scene is when nothing fails.
func (s userScene) after(t testing.TB) map[string]string {
	t.Helper()
	dir := s.before(t)
	if err := s.run(t, dir, nil); err != nil {
		t.Fatal(err)
	}
	return snapshot(t, dir)
}

// TestDeathWhileTheUsersFilesChange stops the disk at each change in turn. The next run finds all as it was or all as it is to
// be, and brings the project to where it would have been; the history then takes it back.
func TestDeathWhileTheUsersFilesChange(t *testing.T) {
	for _, scene := range userScenes() {
		t.Run(scene.name, func(t *testing.T) {
			after := scene.after(t)
			outcomes := make(map[string]int)
			eachFault(t, true, errors.New("dead"), func(t *testing.T, fault func(op, path string) error) {
				dir := scene.before(t)
				before := snapshot(t, dir)
				failed := scene.run(t, dir, fault)
				mustBeOldOrNew(t, snapshot(t, dir), before, after)
				what, err := open(t, dir).Recover(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				got := users(snapshot(t, dir))
				switch what, _, _ = strings.Cut(what, " "); {
				case what == "finished", failed == nil:
					mustEqual(t, got, users(after))
				default:
					mustEqual(t, got, users(before))
				}
				outcomes[what]++
				if err := scene.run(t, dir, nil); err != nil {
					t.Fatal(err)
				}
				mustEqual(t, committed(snapshot(t, dir)), committed(maps.Clone(after)))
				mustUndo(t, dir)
				mustEqual(t, committed(snapshot(t, dir)), committed(before))
			})
			if outcomes["finished"] == 0 || outcomes["cleared"] == 0 {
				t.Errorf("not every way out was taken: %v", outcomes)
			}
		})
	}
}

// TestDiskFullWhileTheUsersFilesChange lets one change fail, and the process live: then nothing has changed, or all has.
func TestDiskFullWhileTheUsersFilesChange(t *testing.T) {
	for _, scene := range userScenes() {
		t.Run(scene.name, func(t *testing.T) {
			after := scene.after(t)
			eachFault(t, false, syscall.ENOSPC, func(t *testing.T, fault func(op, path string) error) {
				dir := scene.before(t)
				before := snapshot(t, dir)
				err := scene.run(t, dir, fault)
				tree := open(t, dir)
				switch {
				case err == nil:
					mustEqual(t, users(snapshot(t, dir)), users(after))
				case !errors.Is(err, syscall.ENOSPC):
					t.Errorf("the error does not say what happened: %v", err)
				case tree.Interrupted() == nil:
					mustEqual(t, users(snapshot(t, dir)), users(before))
				default: // the journal could not be closed
					if _, err := tree.Recover(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if err := scene.run(t, dir, nil); err != nil {
					t.Fatal(err)
				}
				mustEqual(t, committed(snapshot(t, dir)), committed(maps.Clone(after)))
			})
		})
	}
}

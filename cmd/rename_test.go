package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"
)

// plant writes a file of a project, with the folders that it needs.
func plant(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, filepath.FromSlash(name))), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, name, text)
}

// edited replaces a part of a file of a project, which must be there.
func edited(t *testing.T, dir, name, old, with string) {
	t.Helper()
	text := read(t, filepath.Join(dir, filepath.FromSlash(name)))
	if !strings.Contains(text, old) {
		t.Fatalf("%s has no %q", name, old)
	}
	plant(t, dir, name, strings.Replace(text, old, with, 1))
}

// usedProject makes a project whose user has written code around the consumer chat: in its stub and its test, in main.go, beside
// the stub, and in a package of their own.
func usedProject(t *testing.T) string {
	t.Helper()
	parent := t.TempDir()
	must(t, "-C", parent, "new", "updater", "--consumer", "chat:async:/ws/chat/{room:slug}", "--consumer", "chat_room", "-q")
	dir := filepath.Join(parent, "updater")
	stub := "consumers/chat_consumer.go"
	edited(t, dir, stub, "	params ChatParams\n", "	params ChatParams  // of the path\n	past   chatHistory // of the room\n")
	edited(t, dir, stub, "// Disconnect is called", `// chatHistory is what a ChatConsumer has seen; NewChatConsumer makes it.
type chatHistory struct{ seen []string }

// Room tells where the ChatConsumer is.
func (c *ChatConsumer) Room() string { return c.params.Room }

// Disconnect is called`)
	plant(t, dir, "consumers/moderated.go", `package consumers

// ModeratedConsumer is a ChatConsumer that somebody watches.
type ModeratedConsumer struct {
	*ChatConsumer
	moderator string
}

// Moderated watches a ChatConsumer.
func Moderated(c *ChatConsumer) *ModeratedConsumer {
	return &ModeratedConsumer{ChatConsumer: c, moderator: "ChatConsumer"}
}

// Where tells the room and the moderator.
func (m *ModeratedConsumer) Where() string { return m.ChatConsumer.Room() + m.moderator }
`)
	plant(t, dir, "consumers/inside_test.go", `package consumers

import "testing"

func TestChatConsumerRoom(t *testing.T) {
	c := NewChatConsumer(Deps{}, ChatParams{Room: "lobby"})
	if c.Room() != "lobby" || Moderated(c).Where() != "lobbyChatConsumer" {
		t.Error(c.Room())
	}
}

func ExampleChatConsumer_Room() {}
`)
	plant(t, dir, "lobby/lobby.go", `// Package lobby makes rooms.
package lobby

import (
	ours "example.com/updater/consumers"
)

// Open opens a room.
func Open(room string) *ours.ModeratedConsumer {
	ChatConsumer := ours.NewChatConsumer(ours.Deps{}, ours.ChatParams{Room: room})
	m := ours.Moderated(ChatConsumer)
	_ = m.ChatConsumer
	return m
}
`)
	edited(t, dir, "main.go", "	mux := http.NewServeMux()", "	_ = consumers.ChatParams{Room: \"lobby\"}\n	_ = consumers.ChatRoomParams{}\n\n	mux := http.NewServeMux()")
	module := strings.TrimPrefix(strings.SplitN(read(t, filepath.Join(dir, "go.mod")), "\n", 2)[0], "module ")
	edited(t, dir, "lobby/lobby.go", "example.com/updater", strings.TrimSpace(module))
	return dir
}

// TestRenamedProjectBuilds renames a consumer that is used all over a project: the project then builds, is clean for go vet, and
// passes its tests, its user's among them. Renamed back, it has every byte that it had, and so it has after undo.
func TestRenamedProjectBuilds(t *testing.T) {
	dir := usedProject(t)
	before := treeOf(t, dir)
	if _, told := must(t, "-C", dir, "rename", "consumer", "chat", "auditorium"); !strings.Contains(told, `moderator: "ChatConsumer"}: a string`) {
		t.Errorf("the string is not told:\n%s", told)
	}
	for _, args := range [][]string{{"build", "./..."}, {"vet", "./..."}, {"test", "./..."}} {
		c := exec.CommandContext(t.Context(), "go", args...)
		c.Dir = dir
		c.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOWORK=off", "GOTOOLCHAIN=local")
		if text, err := c.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", args[0], err, text)
		}
	}
	must(t, "-C", dir, "check")
	for _, name := range []string{"main.go", "lobby/lobby.go", "consumers/auditorium_consumer.go", "consumers/inside_test.go"} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if text, err := exec.CommandContext(t.Context(), "gofmt", "-l", file).CombinedOutput(); err != nil || len(text) > 0 {
			t.Errorf("gofmt -l %s: %v %s", name, err, text)
		}
	}
	after := treeOf(t, dir)
	must(t, "-C", dir, "rename", "consumer", "auditorium", "chat")
	sameTree(t, "renamed back", treeOf(t, dir), before)
	must(t, "-C", dir, "undo")
	sameTree(t, "undone", treeOf(t, dir), after)
	must(t, "-C", dir, "undo")
	sameTree(t, "undone twice", treeOf(t, dir), before)
}

// TestRenameIsAsIfItHadBeenAddedSo renames the consumer of a fresh project: what comes out is, byte for byte, what a project
// with the new name has, records and bases included.
func TestRenameIsAsIfItHadBeenAddedSo(t *testing.T) {
	for _, c := range []struct{ old, name string }{
		{"chat", "room"}, {"room", "very_long_waiting_room"}, {"chatroom", "chat_room"}, {"chat_room", "chatroom"}, {"chat", "new_chat"},
		{"new_chat", "chat"}, {"user_id", "html_page"}, {"a", "a_test"}, {"x_linux", "b"},
	} {
		t.Run(c.old+" to "+c.name, func(t *testing.T) {
			for _, mode := range []string{"sync", "async"} {
				project := func(name string) string {
					dir := filepath.Join(t.TempDir(), "updater")
					must(t, "new", "updater", "--dir", dir, "--consumer", name+":"+mode+":/ws/{p}", "--consumer", "chat_consumer_x", "-q")
					return dir
				}
				made, wanted := project(c.old), project(c.name)
				must(t, "-C", made, "rename", "consumer", c.old, c.name)
				for _, dir := range []string{made, wanted} { // README.md tells what the project was made with
					for _, name := range []string{"README.md", ".wsgen/base/README.md", ".wsgen/manifest.json"} {
						write(t, dir, name, "")
					}
				}
				sameTree(t, mode, treeOf(t, made), treeOf(t, wanted))
			}
		})
	}
}

// TestRenameTellsStrangeNamesOnOneLine: a file's name may hold line ends, and commands to a GitHub workflow run behind them.
func TestRenameTellsStrangeNamesOnOneLine(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such names")
	}
	dir := usedProject(t)
	for _, name := range []string{"a\n::error::gotcha\x1b[2J.md", "b\xff.md", "\u202ec.md"} {
		put(t, filepath.Join(dir, name), "\x1b[2J ChatConsumer \r\n")
	}
	_, out, errs, code := atTerminal(t, nil, "rename", "consumer", "chat", "room", "-C", dir, "--color", "never")
	if code != exitDone || strings.Contains(out+errs, "\n::error") || strings.ContainsAny(out+errs, "\x1b\r\u202e") || !utf8.ValidString(out+errs) {
		t.Errorf("exit code %d: %q %q", code, out, errs)
	}
	if !strings.Contains(errs, "a\ufffd::error::gotcha\ufffd[2J.md:1") {
		t.Errorf("%q", errs)
	}
}

// TestRenameOnCRLF renames in a checkout with the line ends of Windows, in a folder whose name has spaces and letters of other
// scripts, with a byte order mark in the user's file: the bytes that a rename does not announce stay.
func TestRenameOnCRLF(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "ein Ordner, Данные")
	if err := os.Mkdir(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, "-C", parent, "new", "updater", "--consumer", "chat", "-q")
	dir := filepath.Join(parent, "updater")
	for _, name := range []string{"consumers/chat_consumer.go", "consumers/chat_consumer_test.go", "wsgen.yaml", "main.go"} {
		text := read(t, filepath.Join(dir, filepath.FromSlash(name)))
		plant(t, dir, name, strings.ReplaceAll(text, "\n", "\r\n"))
	}
	plant(t, dir, "consumers/mine.go", "\uFEFFpackage consumers\r\n\r\nvar  mine   ChatParams // not formatted\r\n")
	before := treeOf(t, dir)
	must(t, "-C", dir, "rename", "consumer", "chat", "room")
	if text := read(t, filepath.Join(dir, "consumers", "mine.go")); text != "\uFEFFpackage consumers\r\n\r\nvar  mine   RoomParams // not formatted\r\n" {
		t.Errorf("the user's file becomes %q", text)
	}
	stub := read(t, filepath.Join(dir, "consumers", "room_consumer.go"))
	if strings.Count(stub, "\n") != strings.Count(stub, "\r\n") || strings.Contains(stub, "Chat") {
		t.Errorf("the stub becomes %q", stub)
	}
	must(t, "-C", dir, "check")
	must(t, "-C", dir, "rename", "consumer", "room", "chat")
	sameTree(t, "renamed back", treeOf(t, dir), before)
}

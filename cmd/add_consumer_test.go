package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAddTakenNames: a consumer whose Go names the user has given to something else is refused, with every place, and nothing is
// written.
func TestAddTakenNames(t *testing.T) {
	dir := t.TempDir()
	must(t, "new", "updater", "--consumer", "chat", "-q", "-C", dir)
	project := filepath.Join(dir, "updater")
	for name, tc := range map[string]struct{ file, text, places string }{
		"params": {"rooms.go", "package consumers\n\ntype RoomParams struct{ Name string }\n",
			"rooms.go:3:6: RoomParams is declared there already"},
		"constructor": {"rooms.go", "package consumers\n\nfunc NewRoomConsumer() int { return 1 }\n",
			"rooms.go:3:6: NewRoomConsumer is declared there already"},
		"type": {"rooms.go", "package consumers\n\ntype RoomConsumer struct{ Name string }\n",
			"rooms.go:3:6: RoomConsumer is declared there already"},
		"both": {"rooms.go", "package consumers\n\nvar _, RoomParams = 1, 2\n\ntype RoomConsumer struct{}\n",
			"rooms.go:3:8: RoomParams is declared there already|rooms.go:5:6: RoomConsumer is declared there already"},
		"import": {"rooms.go", "package consumers\n\nimport RoomParams \"errors\"\n\nvar _ = RoomParams.New\n",
			"rooms.go:3:8: RoomParams is how the file calls a package, and consumers_gen.go declares it"},
		"in a kept stub": {"chat_consumer.go", "package consumers\n\ntype ChatConsumer struct{}\n\nfunc NewChatConsumer() {}\n\ntype RoomParams int\n",
			"chat_consumer.go:7:6: RoomParams is declared there already"},
		"in the stub's place, with the code elsewhere": {"room_consumer.go", "package consumers\n\ntype RoomParams int\n\ntype RoomConsumer int\n\nfunc NewRoomConsumer() {}\n",
			"room_consumer.go:3:6: RoomParams is declared there already"},
		"test": {"rooms_test.go", "package consumers_test\n\nimport \"testing\"\n\nfunc TestRoomConsumerEchoes(t *testing.T) {}\n",
			"rooms_test.go:5:6: TestRoomConsumerEchoes is declared there already"},
		"helpers in the stub's place": {"room_consumer.go", "package consumers\n\nfunc helper() {}\n",
			"room_consumer.go:1:1: NewRoomConsumer is missing, and the file stands in the place of its stub"},
		"half a stub": {"room_consumer.go", "package consumers\n\ntype NewRoomConsumer int\n\ntype RoomConsumer struct{}\n",
			"room_consumer.go:5:1: NewRoomConsumer is missing, and the file stands in the place of its stub"},
	} {
		t.Run(name, func(t *testing.T) {
			place := "consumers/" + tc.file
			if tc.file == "chat_consumer.go" {
				t.Cleanup(func() {
					write(t, project, place, read(t, filepath.Join(project, ".wsgen", "base", "consumers", tc.file)))
				})
			} else {
				t.Cleanup(func() {
					if err := os.Remove(filepath.Join(project, filepath.FromSlash(place))); err != nil {
						t.Error(err)
					}
				})
			}
			write(t, project, place, tc.text)
			before := treeOf(t, project)
			for _, more := range [][]string{nil, {"-n"}, {"--force"}} {
				_, errs, code := inProcess(t, append([]string{"add", "consumer", "room", "-C", project}, more...)...)
				if code != exitUsage || !strings.Contains(errs, "nothing is written") {
					t.Errorf("%q: exit code %d: %s", more, code, errs)
				}
				for at := range strings.SplitSeq(tc.places, "|") {
					if !strings.Contains(filepath.ToSlash(errs), "consumers/"+at+"\n") {
						t.Errorf("%q: %q is not in\n%s", more, at, errs)
					}
				}
			}
			sameTree(t, "what was refused", treeOf(t, project), before)
		})
	}
}

// TestGenerateTakenNames: what add refuses is a choice that its user has made where it stands in the spec, and generate says what
// comes of it.
func TestGenerateTakenNames(t *testing.T) {
	dir := t.TempDir()
	must(t, "new", "updater", "--consumer", "chat", "-q", "-C", dir)
	project := filepath.Join(dir, "updater")
	write(t, project, "consumers/rooms.go", "package consumers\n\ntype RoomParams struct{}\n")
	write(t, project, "consumers/chat_consumer.go", "package consumers\n\ntype ChatConsumer struct{}\n")
	edited(t, project, "wsgen.yaml", "  chat: sync\n", "  chat: sync\n  room: sync\n")
	edited(t, project, "wsgen.yaml", "  /ws/chat: chat\n", "  /ws/chat: chat\n  /ws/room: room\n")
	for _, more := range [][]string{{"-n"}, nil} {
		_, errs := must(t, append([]string{"generate", "-C", project}, more...)...)
		for _, want := range []string{"does not compile", "rooms.go:3:6: RoomParams is declared there already\n", "chat_consumer.go:3:1: NewChatConsumer is missing"} {
			if !strings.Contains(errs, want) {
				t.Errorf("%q: %q is not in\n%s", more, want, errs)
			}
		}
	}
	if _, errs := must(t, "generate", "-C", project); strings.Contains(errs, "warning") {
		t.Errorf("with nothing to do: %s", errs)
	}
}

// TestAddTakenTestName: a route to a consumer that had none brings the test of its stub, whose name can be taken as well.
func TestAddTakenTestName(t *testing.T) {
	dir := t.TempDir()
	must(t, "new", "updater", "-q", "-C", dir)
	project := filepath.Join(dir, "updater")
	write(t, project, "wsgen.yaml", "version: 1\nservice: updater\nmodule: example.com/updater\nconsumers:\n  tick: sync\n")
	must(t, "generate", "-C", project)
	write(t, project, "consumers/more_test.go", "package consumers_test\n\nfunc TestTickConsumerEchoes() {}\n")
	before := treeOf(t, project)
	_, errs, code := inProcess(t, "add", "route", "/ws/tick", "--to", "tick", "-C", project)
	if code != exitUsage || !strings.Contains(errs, "more_test.go:3:6: TestTickConsumerEchoes is declared there already") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	sameTree(t, "what was refused", treeOf(t, project), before)
}

// TestAddAdopts: the code of a consumer that is there already, in the stub's place or elsewhere, stays as it is, and the user is told
// so; what only looks like a taken name is none.
func TestAddAdopts(t *testing.T) {
	const whole = "package consumers\n\ntype RoomConsumer struct{ ChatConsumer }\n\n" +
		"func NewRoomConsumer(deps Deps, params RoomParams) *RoomConsumer {\n\treturn &RoomConsumer{*NewChatConsumer(deps, ChatParams(params))}\n}\n"
	for name, tc := range map[string]struct {
		files map[string]string
		says  string
		next  string
	}{
		"in the stub's place": {map[string]string{"room_consumer.go": whole}, "consumers/room_consumer.go:3: the code of room is there already", "next: go test ./..."},
		"elsewhere":           {map[string]string{"rooms.go": whole}, "consumers/rooms.go:3: the code of room is there already", "next: go test ./..."},
		"in two files": {map[string]string{
			"rooms.go": "package consumers\n\ntype RoomConsumer = ChatConsumer\n",
			"makes.go": "package consumers\n\nvar NewRoomConsumer = func(d Deps, p RoomParams) *RoomConsumer { return NewChatConsumer(d, ChatParams(p)) }\n",
		}, "consumers/rooms.go:3: the code of room is there already", "next: go test ./..."},
		"harmless": {map[string]string{
			"rooms.go":        "package consumers\n\ntype room struct{ RoomParams int }\n\nfunc (room) NewRoomConsumer() { var RoomConsumer int; _ = RoomConsumer }\n",
			"rooms_test.go":   "package consumers\n\nimport \"testing\"\n\nfunc TestRoomConsumerEchoes(t *testing.T) {}\n",
			"others_test.go":  "package consumers_test\n\ntype RoomParams int\n",
			"ignored.go":      "//go:build ignore\n\npackage consumers\n\ntype RoomParams int\n",
			"_RoomParams.go":  "package consumers\n\ntype RoomParams int\n",
			"sub/deeper.go":   "package sub\n\ntype RoomParams int\n",
			"room_params.txt": "type RoomParams int\n",
		}, "create consumers/room_consumer.go", "next: edit consumers/room_consumer.go, then: go run ."},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, "new", "updater", "--consumer", "chat", "-q", "-C", dir)
			project := filepath.Join(dir, "updater")
			for file, text := range tc.files {
				plant(t, project, "consumers/"+file, text)
			}
			out, err := wsgen(t, project, "add", "consumer", "room").CombinedOutput()
			said := strings.Join(strings.Fields(filepath.ToSlash(string(out))), " ")
			if err != nil || !strings.Contains(said, tc.says) || !strings.Contains(said, tc.next) {
				t.Errorf("%v: %q or %q is not in\n%s", err, tc.says, tc.next, out)
			}
			for file, text := range tc.files {
				if read(t, filepath.Join(project, "consumers", filepath.FromSlash(file))) != text {
					t.Errorf("%s is no longer what it was", file)
				}
			}
			goTool(t, project, "vet", "./...")
			must(t, "check", "-C", project)
		})
	}
}

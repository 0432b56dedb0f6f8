package emit

import (
	"os"
	"testing"
)

func TestNewMakesTheProjectWhole(t *testing.T) {
	dir := project(t, sample())
	got := snapshot(t, dir)
	for path, text := range map[string]string{
		"go.mod":                                 "-rw-r--r-- module example.com/updater\n",
		"client/index.js":                        "-rw-r--r-- export {};\n",
		".gitignore":                             "-rw-r--r-- /.wsgen/local/\n",
		".wsgen/base/_.gitignore":                "-rw-r--r-- /.wsgen/local/\n",
		".wsgen/base/consumers/chat_consumer.go": "-rw-r--r-- package consumers\n",
	} {
		if got[path] != text {
			t.Errorf("%s: got %q, want %q", path, got[path], text)
		}
	}
	const files, bases, folders, manifest = 8, 3, 6, 1
	if len(got) != files+bases+folders+manifest {
		t.Errorf("%d files and folders: %v", len(got), got)
	}
	entries, err := os.ReadDir(dir + "/..")
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the project: %v, %v", entries, err)
	}
}

func TestSecondRunDoesNothing(t *testing.T) {
	dir := project(t, sample())
	before := snapshot(t, dir)
	p, err := generate(t, dir, sample(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Pending() || len(p.Changes()) != 0 {
		t.Errorf("the second run plans %s", summary(p))
	}
	mustEqual(t, snapshot(t, dir), before)
}

func TestGenerateFollowsTheSpec(t *testing.T) {
	dir := project(t, sample())
	files := with(sample(), gen("routing/routing_gen.go", "package routing // two\n"), own("consumers/b.go", "package consumers // b\n"))
	p, err := generate(t, dir, files, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := summary(p), "create pending consumers/b.go, update pending routing/routing_gen.go"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := read(t, dir, "routing/routing_gen.go"); got != "package routing // two\n" {
		t.Errorf("routing: %q", got)
	}
	if there(dir, localDir) {
		t.Errorf("%s was left behind", localDir)
	}
	if plan(t, open(t, dir), files).Pending() {
		t.Error("still pending after the run")
	}
}

package emit

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wsgen/generator/render"
)

func TestManifestText(t *testing.T) {
	m := manifest{version: testVersion, files: map[string]record{
		"b.go":       {owner: render.Generated, hashes: []string{"bb"}},
		"a.go":       {owner: render.Yours, hashes: []string{"aa"}},
		"wsgen.yaml": {owner: render.Spliced},
	}}
	text, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "format": 1,
  "wsgen": "1.2.3",
  "files": [
    {"path":"a.go","owner":"yours","sha256":"aa"},
    {"path":"b.go","owner":"generated","sha256":"bb"},
    {"path":"wsgen.yaml","owner":"spliced"},
    {}
  ]
}
`
	if string(text) != want {
		t.Errorf("got\n%s", text)
	}
	back, damage, err := decodeManifest(text)
	if err != nil || damage != "" || !back.equal(m) {
		t.Errorf("comes back as %+v, %q, %v", back, damage, err)
	}
}

func TestManifestOfANewerFormatIsRefused(t *testing.T) {
	for _, text := range []string{
		`{"format": 2, "wsgen": "9.0.0", "files": {"another": "shape"}}`,
		"{\n<<<<<<< HEAD\n  \"format\": 1,\n=======\n  \"format\": 2,\n>>>>>>> x\n  \"wsgen\": \"9.0.0\",\n}",
	} {
		dir := t.TempDir()
		write(t, dir, ManifestPath, text)
		_, err := Open(dir)
		var format *FormatError
		if !errors.As(err, &format) || format.Format != 2 || !strings.Contains(err.Error(), "9.0.0") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestManifestWithTheSidesOfAMerge keeps what both sides recorded: neither side's files become a stranger's.
func TestManifestWithTheSidesOfAMerge(t *testing.T) {
	dir := project(t, with(sample(), gen("ours_gen.go", "ours\n"), gen("theirs_gen.go", "theirs\n")))
	lines := strings.SplitAfter(read(t, dir, ManifestPath), "\n")
	var b strings.Builder
	for _, line := range lines {
		switch {
		case strings.Contains(line, "ours_gen"):
			b.WriteString("<<<<<<< HEAD\n" + line + "=======\n")
		case strings.Contains(line, "theirs_gen"):
			b.WriteString(line + ">>>>>>> branch\n")
		case strings.Contains(line, "routing_gen"): // both sides changed it
			b.WriteString(strings.ReplaceAll(line, `"sha256":"`, `"sha256":"0`) + line)
		default:
			b.WriteString(line)
		}
	}
	write(t, dir, ManifestPath, b.String())
	write(t, dir, "client/index.js", "both\n") // by git, for all that can be told
	if o := op(t, plan(t, open(t, dir), sample()), "client/index.js"); o.Action != Conflict || o.Reason != "edited by hand, or merged by git" {
		t.Errorf("%s: %s", o.Action, o.Reason)
	}
	both := with(sample(), gen("client/index.js", "two\nboth\none\n")) // what the spec asks for now is more, and in another order
	if o := op(t, plan(t, open(t, dir), both), "client/index.js"); o.Action != Update || !strings.HasPrefix(o.Reason, "merged by git; this text goes to ") {
		t.Errorf("%s: %s", o.Action, o.Reason)
	}
	write(t, dir, "client/index.js", "export {};\n")
	files := with(sample(), gen("ours_gen.go", "ours 2\n"), gen("routing/routing_gen.go", "two\n"))
	p, err := generate(t, dir, files, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "update edited .wsgen/manifest.json, update pending ours_gen.go, update pending routing/routing_gen.go, delete stale theirs_gen.go"
	if got := summary(p); got != want {
		t.Errorf("got %s", got)
	}
	if o := op(t, p, ManifestPath); !strings.Contains(o.Reason, "merge") {
		t.Errorf("reason %q", o.Reason)
	}
	if tree := open(t, dir); tree.damage != "" || len(plan(t, tree, files).Drift()) > 0 {
		t.Errorf("not rebuilt: %s", tree.damage)
	}
}

// TestLostManifest rebuilds what the base and the texts themselves tell: what the user deleted stays deleted.
func TestLostManifest(t *testing.T) {
	for name, lose := range map[string]func(dir string) error{
		"gone":      func(dir string) error { return os.Remove(filepath.Join(dir, ManifestPath)) },
		"empty":     func(dir string) error { return os.WriteFile(filepath.Join(dir, ManifestPath), nil, 0o644) },
		"cut":       func(dir string) error { return os.Truncate(filepath.Join(dir, ManifestPath), 300) },
		"no format": func(dir string) error { return os.WriteFile(filepath.Join(dir, ManifestPath), []byte("{}"), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, sample())
			whole := read(t, dir, ManifestPath)
			remove(t, dir, "Makefile")
			write(t, dir, "consumers/chat_consumer.go", "mine\n")
			if err := lose(dir); err != nil {
				t.Fatal(err)
			}
			p, err := generate(t, dir, sample(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if changes := p.Changes(); len(changes) != 1 || changes[0].Path != ManifestPath || changes[0].Fix == "" || len(p.Drift()) == 0 {
				t.Errorf("plan: %s", summary(p))
			}
			if there(dir, "Makefile") || read(t, dir, "consumers/chat_consumer.go") != "mine\n" {
				t.Error("the user's files were touched")
			}
			if got := read(t, dir, ManifestPath); got != whole {
				t.Errorf("rebuilt as\n%s\nwas\n%s", got, whole)
			}
		})
	}
}

// TestManifestCannotPointElsewhere: a repository from a stranger must not make wsgen delete or read anything else.
func TestManifestCannotPointElsewhere(t *testing.T) {
	outer := t.TempDir()
	write(t, outer, "victim", "text\n")
	dir := filepath.Join(outer, "updater")
	write(t, dir, ".git/config", "text\n")
	line := func(p string) string {
		return `    {"path":"` + p + `","owner":"generated","sha256":"` + hashText([]byte("text\n")) + "\"},\n"
	}
	write(t, dir, ManifestPath, "{\n  \"format\": 1,\n  \"files\": [\n"+line("../victim")+line(".git/config")+line(outer+"/victim")+"    {}\n  ]\n}\n")
	p, err := generate(t, dir, nil, Options{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := summary(p); got != "update edited .wsgen/manifest.json" {
		t.Errorf("plan: %s", got)
	}
	if read(t, outer, "victim") != "text\n" || read(t, dir, ".git/config") != "text\n" {
		t.Error("a file was touched")
	}
}

// TestJournalCannotPointElsewhere: the same for a journal that somebody committed.
func TestJournalCannotPointElsewhere(t *testing.T) {
	for _, p := range []string{"../victim", ".git/hooks/pre-commit", "/tmp/victim"} {
		outer := t.TempDir()
		dir := filepath.Join(outer, "updater")
		write(t, dir, ".git/config", "")
		write(t, dir, stagedNew(0), "evil\n")
		write(t, dir, redoRecord, `{"steps":[{"path":"`+p+`","new":"`+hashBytes([]byte("evil\n"))+`"}]}`)
		before := snapshot(t, outer)
		if what, err := open(t, dir).Recover(t.Context()); err == nil {
			t.Errorf("%s: %s", p, what)
		}
		after := snapshot(t, outer)
		delete(after, "updater/"+ignorePath) // it keeps git from what is left of the run
		mustEqual(t, after, before)
	}
}

// TestKeepingAFileByItsLine is the way out that a stale file of the user's offers.
func TestKeepingAFileByItsLine(t *testing.T) {
	dir := project(t, sample())
	files := without(sample(), "consumers/chat_consumer.go")
	if len(plan(t, open(t, dir), files).Drift()) == 0 {
		t.Fatal("a stale file is no drift")
	}
	var kept []string
	for _, line := range strings.SplitAfter(read(t, dir, ManifestPath), "\n") {
		if !strings.Contains(line, "chat_consumer") {
			kept = append(kept, line)
		}
	}
	write(t, dir, ManifestPath, strings.Join(kept, ""))
	if p := plan(t, open(t, dir), files); len(p.Drift()) > 0 {
		t.Errorf("still %s", summary(p))
	}
}

// FuzzDecodeManifest reads anything: what comes out can be written, and then reads the same.
func FuzzDecodeManifest(f *testing.F) {
	f.Add([]byte("{\n  \"format\": 1,\n  \"wsgen\": \"1\",\n  \"files\": [\n    {\"path\":\"a\",\"owner\":\"yours\",\"sha256\":\"x\"},\n    {}\n  ]\n}\n"))
	f.Add([]byte("<<<<<<< a\n{\"path\":\"a\",\"owner\":\"spliced\"},\n=======\n{\"path\":\"../a\",\"owner\":\"yours\"}\n>>>>>>> b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, _, err := decodeManifest(data)
		if err != nil {
			return
		}
		for p := range m.files {
			if err := checkFile(p); err != nil {
				t.Error(err)
			}
		}
		text, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		back, damage, err := decodeManifest(text)
		if err != nil || damage != "" || len(back.files) != len(m.files) {
			t.Errorf("%s\ncomes back as %+v, %q, %v", text, back, damage, err)
		}
	})
}

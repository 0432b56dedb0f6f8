package emit

import (
	"os"
	"strings"
	"testing"

	"wsgen/generator/render"
)

// mergeManifest leaves in the manifest what a merge leaves where both sides changed the line of a file: the recorded one, and one
// with another text.
func mergeManifest(t *testing.T, dir, file, other string) {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(read(t, dir, ManifestPath)) {
		if strings.Contains(line, `"`+file+`"`) {
			sum := line[strings.Index(line, `"sha256":"`)+len(`"sha256":"`):]
			line = "<<<<<<< HEAD\n" + line + "=======\n" + strings.Replace(line, sum[:64], hashText([]byte(other)), 1) + ">>>>>>> other\n"
		}
		b.WriteString(line)
	}
	write(t, dir, ManifestPath, b.String())
}

// TestAdoptAfterAMerge: the record of a file of the user's goes by its base, whichever side that is of, and a base in which git left
// both sides is one again.
func TestAdoptAfterAMerge(t *testing.T) {
	const stub, recorded, theirs = "consumers/chat_consumer.go", "package consumers\n", "package consumers // theirs\n"
	sides := "<<<<<<< HEAD\n" + recorded + "||||||| base\npackage old\n=======\n" + theirs + ">>>>>>> other\n"
	for name, test := range map[string]struct {
		base, rendered, want string
	}{
		"ours":                  {recorded, recorded, recorded},
		"theirs":                {theirs, theirs, theirs},
		"merged by git":         {"package consumers // both\n", recorded, "package consumers // both\n"},
		"both sides, and ours":  {sides, recorded, recorded},
		"both sides, a new one": {sides, "package consumers // both\n", recorded + theirs},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, sample())
			mergeManifest(t, dir, stub, theirs)
			write(t, dir, basePath(stub), test.base)
			files := with(sample(), own(stub, test.rendered))
			if err := open(t, dir).Rebuild(files); err != nil { // what a command that changes the spec does before
				t.Fatal(err)
			}
			if _, err := generate(t, dir, files, Options{}); err != nil {
				t.Fatal(err)
			}
			if got := read(t, dir, basePath(stub)); got != test.want {
				t.Errorf("the base is %q, want %q", got, test.want)
			}
			if faults, err := open(t, dir).Bases(); len(faults) > 0 || err != nil {
				t.Errorf("%v %v", faults, err)
			}
			if read(t, dir, stub) != recorded {
				t.Error("the user's file has changed")
			}
		})
	}
}

// TestAdoptWhatHasNoRecord: whoever resolves a merge of the manifest with one side loses the other side's lines, not what wsgen wrote.
func TestAdoptWhatHasNoRecord(t *testing.T) {
	const stub, routing = "consumers/chat_consumer.go", "routing/routing_gen.go"
	drop := func(dir string) {
		var b strings.Builder
		for line := range strings.Lines(read(t, dir, ManifestPath)) {
			if !strings.Contains(line, stub) && !strings.Contains(line, routing) {
				b.WriteString(line)
			}
		}
		write(t, dir, ManifestPath, b.String())
	}
	dir := project(t, sample())
	drop(dir)
	p, err := generate(t, dir, sample(), Options{})
	if err != nil || len(p.Drift()) > 0 {
		t.Fatalf("%s, %v", summary(p), err)
	}
	if rec := open(t, dir).manifest.files[stub]; rec.owner != render.Yours || !rec.wrote([]byte("package consumers\n")) {
		t.Errorf("recorded as %+v", rec)
	}

	drop(dir)
	tree := open(t, dir)
	if err := tree.Rebuild(sample()); err != nil {
		t.Fatal(err)
	}
	changed := with(sample(), gen(routing, "package routing // two\n"))
	p, err = tree.Plan(without(changed, stub), Options{Version: testVersion})
	if err != nil {
		t.Fatal(err)
	}
	if o := op(t, p, routing); o.Action != Update {
		t.Errorf("%s: %s, %s", routing, o.Action, o.Reason)
	}
	if o := op(t, p, stub); o.State != Stale {
		t.Errorf("%s: %s, %s", stub, o.State, o.Reason)
	}
}

// TestMergedVersions: of the versions of two sides the newer one counts, whichever comes last.
func TestMergedVersions(t *testing.T) {
	for _, text := range []string{
		"<<<<<<< HEAD\n  \"wsgen\": \"0.10.0\",\n=======\n  \"wsgen\": \"0.9.0\",\n>>>>>>> x\n",
		"<<<<<<< HEAD\n  \"wsgen\": \"0.9.0\",\n=======\n  \"wsgen\": \"0.10.0\",\n>>>>>>> x\n",
	} {
		if m, _, err := decodeManifest([]byte("{\n  \"format\": 1,\n" + text + "  \"files\": [\n    {}\n  ]\n}\n")); m.version != "0.10.0" || err != nil {
			t.Errorf("version %q, %v", m.version, err)
		}
	}
}

// TestEditInAMerge: a line that neither side of a merge explains is somebody's, and is not replaced unasked.
func TestEditInAMerge(t *testing.T) {
	const routing = "routing/routing_gen.go"
	sides := "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n"
	for text, want := range map[string]Action{
		"package routing\n" + sides:               Update,
		"package routing\n" + sides + "// mine\n": Conflict,
	} {
		dir := project(t, sample())
		if err := os.WriteFile(dir+"/"+routing, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o := op(t, plan(t, open(t, dir), sample()), routing)
		if o.Action != want || !strings.Contains(o.Reason, damageMerged) || o.Trashes() != (want == Update) {
			t.Errorf("%q: %s, %s", text, o.Action, o.Reason)
		}
	}
}

package emit

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"wsgen/generator/render"
)

// example is sample as an example begins it: one file of the user's edited ahead, one more beside.
func example() []render.File {
	stub := needed("consumers/chat_consumer.go", "package consumers\n")
	stub.Begin = func() ([]byte, error) { return []byte("package consumers // of the example\n"), nil }
	extra := own("fleet/fleet.go", "package fleet\n")
	extra.Unrecorded = true
	return with(sample(), stub, extra)
}

// A project that began as an example is the plain project with a user's edits: the base and the manifest know nothing of the
// example, and no later run finds anything to do. So in a folder that is there already, which is filled under the journal.
func TestExampleIsAnEditMadeAhead(t *testing.T) {
	for _, name := range []string{"absent", "empty"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "updater")
			if name == "empty" {
				dir = t.TempDir()
			}
			if _, err := New(context.Background(), dir, example(), Options{Version: testVersion}); err != nil {
				t.Fatal(err)
			}
			for path, want := range map[string]string{
				"consumers/chat_consumer.go":             "package consumers // of the example\n",
				".wsgen/base/consumers/chat_consumer.go": "package consumers\n",
				"fleet/fleet.go":                         "package fleet\n",
			} {
				if got := read(t, dir, path); got != want {
					t.Errorf("%s: got %q, want %q", path, got, want)
				}
			}
			if there(dir, ".wsgen/base/fleet") {
				t.Error("a file of the example alone has a base")
			}
			manifest := read(t, dir, ManifestPath)
			if strings.Contains(manifest, "fleet") || !strings.Contains(manifest, hashText([]byte("package consumers\n"))) {
				t.Errorf("the manifest is\n%s", manifest)
			}
			before := snapshot(t, dir)
			p, err := generate(t, dir, sample(), Options{})
			if err != nil || len(p.Drift()) > 0 || len(p.Changes()) > 0 {
				t.Errorf("a second run plans %s (%v)", summary(p), err)
			}
			mustEqual(t, snapshot(t, dir), before)
		})
	}
}

// What the example begins with is what a plan shows.
func TestExampleInAPlan(t *testing.T) {
	p, err := New(context.Background(), filepath.Join(t.TempDir(), "updater"), example(), Options{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(op(t, p, "consumers/chat_consumer.go").New); got != "package consumers // of the example\n" {
		t.Errorf("the plan shows %q", got)
	}
	if o := op(t, p, "fleet/fleet.go"); o.Action != Create || o.Owner != render.Yours {
		t.Errorf("the plan has %+v", o)
	}
}

package emit

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRebuild: a manifest that is lost knows again what stands as it was written, so that a change of the spec is no conflict; what was
// edited is one, as it was.
func TestRebuild(t *testing.T) {
	dir := project(t, sample())
	if err := os.Remove(filepath.Join(dir, ManifestPath)); err != nil {
		t.Fatal(err)
	}
	after := with(sample(), gen("client/index.js", "export {}; // more\n"), gen("routing/routing_gen.go", "package routing // more\n"))
	edited := filepath.Join(dir, "routing", "routing_gen.go")
	if err := os.WriteFile(edited, []byte("package routing // mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, rebuilt := range []bool{false, true} {
		tree, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if rebuilt {
			if err := tree.Rebuild(sample()); err != nil {
				t.Fatal(err)
			}
		}
		p, err := tree.Plan(after, Options{Version: testVersion})
		if err != nil {
			t.Fatal(err)
		}
		actions := map[string]Action{}
		for _, op := range p.Ops {
			actions[op.Path] = op.Action
		}
		want := Conflict
		if rebuilt {
			want = Update
		}
		if actions["client/index.js"] != want || actions["routing/routing_gen.go"] != Conflict {
			t.Errorf("rebuilt %v: client/index.js: %s, routing/routing_gen.go: %s", rebuilt, actions["client/index.js"], actions["routing/routing_gen.go"])
		}
	}
}

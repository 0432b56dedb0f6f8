package emit

import (
	"maps"
	"strings"
	"testing"
)

// project's files apart from what is of this machine alone.
func shared(files map[string]string) map[string]string {
	files = maps.Clone(files)
	maps.DeleteFunc(files, func(p, _ string) bool { return strings.HasPrefix(p, localDir) })
	return files
}

// undo takes the newest operation back.
func undo(t testing.TB, dir string, o Options) (*Plan, error) {
	t.Helper()
	tree := open(t, dir)
	p, err := tree.PlanUndo(o)
	if err != nil {
		return nil, err
	}
	return p, tree.Apply(t.Context(), p)
}

func TestUndoRestoresEverything(t *testing.T) {
	dir := sceneBefore(t)
	before := snapshot(t, dir)
	o := sceneOptions()
	o.Command = "generate"
	if _, err := generate(t, dir, sceneFiles(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := undo(t, dir, Options{}); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, shared(snapshot(t, dir)), shared(before))
}

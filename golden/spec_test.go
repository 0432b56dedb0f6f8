package golden

import (
	"os"
	"path/filepath"
	"testing"

	"wsgen/generator/model"
	"wsgen/generator/spec"
)

// readRoutes returns the routes of a golden project's spec.
func readRoutes(t *testing.T, project string) []*model.Route {
	t.Helper()
	name := filepath.Join(project, "wsgen.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	file, found := spec.Parse(name, text)
	if found.HasErrors() {
		t.Fatal(found.Format(file, false))
	}
	p, found := model.Build(file)
	if found.HasErrors() {
		t.Fatal(found.Format(file, false))
	}
	return p.Routes
}

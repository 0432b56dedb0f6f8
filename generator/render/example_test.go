package render

import (
	"bytes"
	"go/format"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"wsgen/generator/model"
	"wsgen/generator/spec"
)

// What an example has goes before what wsgen makes, moved to the project's module; nothing else changes.
func TestExampleFiles(t *testing.T) {
	e := &Example{Name: "demo", fsys: fstest.MapFS{
		"wsgen.yaml":          {Data: []byte("no file of the example's")},
		"main.go":             {Data: []byte("package main // example.com/demo/x\n\nimport _ \"example.com/demo/fleet\"\n")},
		"fleet/fleet.go":      {Data: []byte("package fleet\n")},
		"fleet/fleet_test.go": {Data: []byte("package fleet_test\n\nimport _ \"example.com/demo/fleet\"\n")},
		"README.md.tmpl":      {Data: []byte("# {{.Service}} of {{.Module}}\n")},
	}}
	p := chatProject()
	plain := files(t, p)
	got, err := e.Files(p, plain, "example.com/demo")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(got, func(a, b File) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("the files are not sorted")
	}
	want := map[string]string{
		"main.go":             "package main // example.com/demo/x\n\nimport _ \"example.com/updater/fleet\"\n",
		"fleet/fleet.go":      "package fleet\n",
		"fleet/fleet_test.go": "package fleet_test\n\nimport _ \"example.com/updater/fleet\"\n",
		"README.md":           "# updater of example.com/updater\n",
	}
	for _, f := range got {
		text, ours := want[f.Path]
		i := slices.IndexFunc(plain, func(o File) bool { return o.Path == f.Path })
		switch {
		case !ours && (i < 0 || f.Begin != nil || f.Unrecorded):
			t.Errorf("%s is not of the example and was touched by it", f.Path)
		case !ours:
			continue
		case i < 0:
			if f.Begin != nil || !f.Unrecorded || f.Owner != Yours || string(renderNew(t, f)) != text {
				t.Errorf("%s: got %+v with %q", f.Path, f, renderNew(t, f))
			}
		default:
			begun, err := f.Begin()
			if err != nil || string(begun) != text {
				t.Errorf("%s begins with %q (%v), want %q", f.Path, begun, err, text)
			}
			if f.Unrecorded || f.Owner != Yours || !bytes.Equal(renderNew(t, f), renderNew(t, plain[i])) {
				t.Errorf("%s is no longer the plain project's", f.Path)
			}
		}
		delete(want, f.Path)
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
}

// An example changes what is the user's alone: what wsgen keeps in step with the spec is not for it to say.
func TestExampleHasNoFileOfWsgen(t *testing.T) {
	for _, name := range []string{"go.mod", "routing/routing_gen.go", "internal/ws/ws.go", "client/socket.js"} {
		e := &Example{Name: "demo", fsys: fstest.MapFS{name: {Data: []byte("x")}}}
		p := chatProject()
		plain := append(files(t, p), File{Path: "internal/ws/ws.go", Owner: Generated})
		if _, err := e.Files(p, plain, "example.com/demo"); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got the error %v", name, err)
		}
	}
}

// Every example is a valid spec without a warning, and its files become those of a project by any other name: formatted, and
// without an import of the module that it was written as.
func TestExamples(t *testing.T) {
	names, err := Examples()
	if err != nil || len(names) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, name := range names {
		e, err := FindExample(name)
		if err != nil || e == nil || e.Name != name {
			t.Fatalf("%s: got %+v (%v)", name, e, err)
		}
		for _, module := range []string{"a", "zz.example.org/deep/path/of/a/Service"} {
			testExample(t, e, module)
		}
	}
	for _, name := range []string{"", ".", "..", "project", "updates/fleet", "Updates"} {
		if e, err := FindExample(name); e != nil || err != nil {
			t.Errorf("%q: got %+v (%v)", name, e, err)
		}
	}
}

func testExample(t *testing.T, e *Example, module string) {
	t.Helper()
	own, found := modelOf(t, e.Spec)
	f, _ := spec.Parse(SpecPath, e.Spec)
	if len(found) > 0 {
		t.Errorf("%s: its spec is not without fault:\n%s", e.Name, found.Format(f, false))
	}
	renamed, err := f.Rename("other", module)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := modelOf(t, renamed)
	all, err := e.Files(p, files(t, p), own.Module)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range all {
		begin := f.Begin
		if f.Unrecorded {
			begin = func() ([]byte, error) { return f.Render(nil) }
		}
		if begin == nil {
			continue
		}
		checked++
		text, err := begin()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(`"`+own.Module+"/")) {
			t.Errorf("%s as %s: %s names a package of %s", e.Name, module, f.Path, own.Module)
		}
		if formatted, err := format.Source(text); path.Ext(f.Path) == ".go" && (err != nil || !bytes.Equal(text, formatted)) {
			t.Errorf("%s as %s: %s is not formatted (%v)", e.Name, module, f.Path, err)
		}
	}
	if checked == 0 {
		t.Errorf("%s has no file but its spec", e.Name)
	}
}

// modelOf returns the project of a spec that has to be valid.
func modelOf(t *testing.T, text []byte) (*model.Project, spec.Diagnostics) {
	t.Helper()
	f, found := spec.Parse(SpecPath, text)
	p, more := model.Build(f)
	found = append(found, more...)
	if p == nil {
		t.Fatalf("the spec is not valid:\n%s", found.Format(f, false))
	}
	return p, found
}

package model

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wsgen/generator/spec"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden files of testdata")
	flag.Parse()
	os.Exit(m.Run())
}

// TestDiagnostics compares all that parser and model say about each testdata/*.yaml with the .txt beside it; a spec without
// a finding has an empty one. -update rewrites the files.
func TestDiagnostics(t *testing.T) {
	specs, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(specs) == 0 {
		t.Fatalf("no specs in testdata: %v", err)
	}
	for _, path := range specs {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f, ds := spec.Parse("wsgen.yaml", src)
			p, more := Build(f)
			all := slices.Concat(ds, more)
			if (p == nil) != all.HasErrors() {
				t.Errorf("the project is %v, and there are errors: %v", p, all.HasErrors())
			}
			compare(t, strings.TrimSuffix(path, ".yaml")+".txt", []byte(all.Format(f, false)))
		})
	}
}

// TestProject compares all that the model derives from one spec with a golden file.
func TestProject(t *testing.T) {
	src, err := os.ReadFile("testdata/mixed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, ds := spec.Parse("wsgen.yaml", src)
	p, more := Build(f)
	if p == nil {
		t.Fatal(slices.Concat(ds, more).Format(f, false))
	}
	type consumer struct {
		*Consumer
		Routes []string
	}
	shown := struct {
		*Project
		Consumers []consumer
		Routes    []string
	}{Project: p}
	for _, c := range p.Consumers {
		shown.Consumers = append(shown.Consumers, consumer{c, pathsOf(c.Routes)})
	}
	shown.Routes = pathsOf(p.Routes)
	got, err := json.MarshalIndent(shown, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "testdata/mixed.json", append(got, '\n'))
	for _, r := range p.Routes {
		if !slices.Contains(r.Consumer.Routes, r) {
			t.Errorf("%s is not among the routes of its consumer", r.Path)
		}
	}
}

func pathsOf(routes []*Route) []string {
	var paths []string
	for _, r := range routes {
		paths = append(paths, r.Path)
	}
	return paths
}

// compare compares got with a golden file, or writes the file when the tests run with -update.
func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if flag.Lookup("update").Value.(flag.Getter).Get().(bool) {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s\n--- got\n%s--- want\n%s", path, got, want)
	}
}

// TestEveryCode checks that each code is said by a spec of the testdata of parser and model, or by one that is too large
// for a file there.
func TestEveryCode(t *testing.T) {
	var said strings.Builder
	for _, pattern := range []string{"testdata/*.txt", "../spec/testdata/*.txt"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			said.Write(text)
		}
	}
	for _, src := range []string{strings.Repeat("#", 4<<20+1), manyKinds()} {
		f, ds := spec.Parse("wsgen.yaml", []byte(src))
		p, more := Build(f)
		if p != nil {
			t.Error("a project of a spec that is too large")
		}
		said.WriteString(slices.Concat(ds, more).Format(f, false))
	}
	for _, e := range spec.Explanations() {
		if !strings.Contains(said.String(), e.Code) {
			t.Errorf("no test says %s, %s", e.Code, e.Title)
		}
	}
}

// manyKinds returns a spec with a thousand kinds of path and one more.
func manyKinds() string {
	var b strings.Builder
	b.WriteString("version: 1\nservice: s\nmodule: m\nconsumers: {c: sync}\nroutes:\n")
	for i := range maxKinds + 1 {
		b.WriteString("  /ws")
		for bit := range 10 {
			if i>>bit&1 == 1 {
				b.WriteString("/{p" + string(rune('a'+bit)) + "}")
			} else {
				b.WriteString("/x")
			}
		}
		b.WriteString(": c\n")
	}
	return b.String()
}

package spec

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiagnostics compares all that is said about each testdata/*.yaml with the .txt beside it. A spec whose name starts
// with "valid" has nothing said about it and no such file. -update rewrites the files.
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
			f, ds := Parse("wsgen.yaml", src)
			got := ds.Format(f, false)
			if strings.HasPrefix(filepath.Base(path), "valid") {
				if got != "" || f.Partial {
					t.Errorf("a valid spec is reported (partial: %v):\n%s", f.Partial, got)
				}
				return
			}
			compare(t, strings.TrimSuffix(path, ".yaml")+".txt", []byte(got))
			if !ds.HasErrors() {
				t.Error("no error")
			}
		})
	}
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

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden files of testdata")
	flag.Parse()
	os.Exit(m.Run())
}

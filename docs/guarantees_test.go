package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGuarantees holds docs/guarantees.md to the tests that there are: every promise names one, and every name is that of a test in
// the folder that the page gives for it.
func TestGuarantees(t *testing.T) {
	page, err := os.ReadFile("guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	project := filepath.Join("..", "templates", "project")
	folders := map[string]string{
		"ws":       filepath.Join(project, "internal", "ws"),
		"wstest":   filepath.Join(project, "internal", "ws", "wstest"),
		"main":     project,
		"settings": filepath.Join(project, "settings"),
		"golden":   filepath.Join("..", "golden"),
		"cmd":      filepath.Join("..", "cmd"),
		"emit":     filepath.Join("..", "generator", "emit"),
		"merge":    filepath.Join("..", "generator", "merge"),
	}
	for _, name := range []string{"session", "jwt", "redislayer", "natslayer"} {
		folders[name] = filepath.Join(project, "internal", "ws", name)
	}
	tests := testsOfTheClient(t)
	for name, folder := range folders {
		for _, test := range testsIn(t, folder) {
			tests[name+"."+test] = true
		}
	}
	named := regexp.MustCompile("`([^`]+)`")
	promises, inTable := 0, false
	for i, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(line, "|")
		switch {
		case len(cells) != 4:
			inTable = false
		case strings.TrimSpace(cells[2]) == "test":
			inTable = true
		case inTable && !strings.HasPrefix(line, "|---"):
			promises++
			found := named.FindAllStringSubmatch(cells[2], -1)
			if rest := strings.Trim(named.ReplaceAllString(cells[2], ""), " ,"); len(found) == 0 || rest != "" {
				t.Errorf("guarantees.md:%d: %q is not a list of tests", i+1, cells[2])
			}
			for _, m := range found {
				if !tests[m[1]] {
					t.Errorf("guarantees.md:%d: there is no test %s", i+1, m[1])
				}
			}
		}
	}
	if promises < 40 {
		t.Errorf("%d promises found: the page has another form than this test expects", promises)
	}
}

// testsOfTheClient returns the tests in JavaScript, by the names that they have on the page.
func testsOfTheClient(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "js", "test", "*.test.js"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests of the client: %v", err)
	}
	declared := regexp.MustCompile(`(?m)^test\("([^"]+)"`)
	tests := make(map[string]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllSubmatch(text, -1) {
			tests["js: "+string(m[1])] = true
		}
	}
	return tests
}

// testsIn returns the names of the tests and fuzz targets in a folder.
func testsIn(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s: %v", folder, err)
	}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(\w+ \*testing\.[TF]\)`)
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllSubmatch(text, -1) {
			names = append(names, string(m[1]))
		}
	}
	return names
}

package spec_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"

	"wsgen/generator/render"
	"wsgen/generator/spec"
)

// unsaid lists the codes of what a schema cannot say, and why. The example of each passes the schema, and that of every other code
// is refused, by the schema or, before it, by the YAML parser of the editor.
func unsaid() map[string]string {
	return map[string]string{
		spec.CodeTooLarge:        "a schema sees values, not bytes",
		spec.CodeCharacter:       "a schema does not see comments",
		spec.CodeAnchor:          "an alias is resolved before a schema sees it",
		spec.CodeTooManyRoutes:   "it counts kinds of path",
		spec.CodeModulePath:      "the names of the standard library are many, and change",
		spec.CodeConsumerClash:   "names are compared with each other",
		spec.CodeParamClash:      "names are compared with each other",
		spec.CodeParamTwice:      "names are compared with each other",
		spec.CodeConverterClash:  "paths are compared with each other",
		spec.CodeOverlap:         "paths are compared with each other",
		spec.CodeSameRequests:    "paths are compared with each other",
		spec.CodeNoFallback:      "paths are compared with each other",
		spec.CodeUnknownConsumer: "a value is compared with keys elsewhere",
		spec.CodeUnusedConsumer:  "a key is compared with values elsewhere",
	}
}

// verdict is what an editor would say about a spec.
type verdict struct {
	By  string // "yaml", "schema", or "" when nothing is wrong
	Why string
}

// judge returns what an editor that has the schema would say about each spec.
func judge(t *testing.T, specs []string) []verdict {
	t.Helper()
	js := filepath.Join("..", "..", "js")
	_, missing := os.Stat(filepath.Join(js, "node_modules", "ajv"))
	node, err := exec.LookPath("node")
	if err != nil || missing != nil {
		what := "Node.js and the packages of js/ are needed: npm ci --prefix js"
		if os.Getenv("CI") == "true" {
			t.Fatal(what)
		}
		t.Skip(what)
	}
	input, err := json.Marshal(map[string]any{"schema": json.RawMessage(spec.Schema()), "specs": specs})
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), node, "schema.js")
	c.Dir, c.Stdin, c.Stdout, c.Stderr = js, bytes.NewReader(input), &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("node schema.js: %v\n%s", err, stderr.Bytes())
	}
	var verdicts []verdict
	if err := json.Unmarshal(stdout.Bytes(), &verdicts); err != nil || len(verdicts) != len(specs) {
		t.Fatalf("%d verdicts on %d specs: %v", len(verdicts), len(specs), err)
	}
	return verdicts
}

// errorsIn returns the codes of the errors that parser and model find in a spec, sorted, each once.
func errorsIn(text string) []string {
	_, found := find(text)
	var codes []string
	for _, d := range found {
		if d.Severity == spec.Error {
			codes = append(codes, d.Code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// TestSchemaIsEmitted holds the file that projects get to what the command prints. -update rewrites it.
func TestSchemaIsEmitted(t *testing.T) {
	path := filepath.Join("..", "..", "templates", "project", ".wsgen", "schema.json")
	if flag.Lookup("update").Value.(flag.Getter).Get().(bool) {
		if err := os.WriteFile(path, spec.Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, spec.Schema()) {
		t.Errorf("%s is not what Schema returns (%v): go test ./generator/spec -update", path, err)
	}
}

// TestSchemaAndExamples judges the example of every code.
func TestSchemaAndExamples(t *testing.T) {
	var specs []string
	var of []spec.Explanation
	for _, e := range spec.Explanations() {
		if x := e.Example(); utf8.ValidString(x.Wrong) { // JSON cannot carry the one that is not UTF-8
			specs, of = append(specs, x.Wrong, x.Right), append(of, e)
		}
	}
	verdicts := judge(t, specs)
	for i, e := range of {
		wrong, right := verdicts[2*i], verdicts[2*i+1]
		why, unsaid := unsaid()[e.Code]
		switch {
		case unsaid && wrong.By != "":
			t.Errorf("%s: the schema is said to be silent (%s), and is not: %v", e.Code, why, wrong)
		case !unsaid && wrong.By == "":
			t.Errorf("%s: nothing is wrong for the schema with\n%s", e.Code, e.Example().Wrong)
		}
		if right.By != "" {
			t.Errorf("%s: what is right is refused: %v\n%s", e.Code, right, e.Example().Right)
		}
	}
}

// TestSchemaAndEverySpec judges every spec of this repository: testdata, scripts, documentation, golden projects.
func TestSchemaAndEverySpec(t *testing.T) {
	names, specs := everySpec(t)
	if len(specs) < 100 {
		t.Errorf("only %d specs are found", len(specs))
	}
	accepted := 0
	for i, v := range judge(t, specs) {
		codes := errorsIn(specs[i])
		said := slices.DeleteFunc(slices.Clone(codes), func(code string) bool { return unsaid()[code] != "" })
		switch {
		case len(codes) == 0 && v.By != "":
			t.Errorf("%s is valid, and refused: %v\n%s", names[i], v, specs[i])
		case len(said) > 0 && v.By == "":
			t.Errorf("%s has %v, and nothing is wrong for the schema with\n%s", names[i], codes, specs[i])
		case v.By == "":
			accepted++
		}
	}
	if accepted < 40 {
		t.Errorf("only %d specs are accepted", accepted)
	}
}

// everySpec returns the specs of this repository.
func everySpec(t *testing.T) (names, specs []string) {
	t.Helper()
	add := func(name, text string) {
		if utf8.ValidString(text) {
			names, specs = append(names, name), append(specs, text)
		}
	}
	first, err := render.Spec("updater", "example.com/updater",
		[]render.SpecEntry{{Consumer: "chat", Mode: "async", Path: "/ws/chat"}}, render.SpecSettings{Layer: "redis", Auth: "jwt"})
	if err != nil {
		t.Fatal(err)
	}
	add("the first spec", string(first))
	block := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```")
	for _, pattern := range []string{
		"testdata/*.yaml", "../model/testdata/*.yaml", "../../docs/*.md", "../../README.md", "../../cmd/testdata/script/*.txtar",
		"../../golden/*/wsgen.yaml", "../../golden/testdata/*/wsgen.yaml",
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: nothing found: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			switch filepath.Ext(path) {
			case ".txtar":
				for _, f := range txtar.Parse(text).Files {
					if filepath.Ext(f.Name) == ".yaml" && !strings.Contains(f.Name, "compose") {
						add(path+": "+f.Name, string(f.Data))
					}
				}
			case ".md":
				for i, m := range block.FindAllSubmatch(text, -1) {
					if bytes.Contains(m[1], []byte("version: 1")) {
						add(fmt.Sprintf("%s: block %d", path, i+1), string(m[1]))
					}
				}
			default:
				add(path, string(text))
			}
		}
	}
	return names, specs
}

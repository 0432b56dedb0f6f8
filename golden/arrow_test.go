package golden

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrow says which packages of wsgen each part may import, and whether it may touch the machine. The pipeline goes one way:
// bytes → spec → model → render → emit → disk.
func arrow() map[string]struct {
	imports []string
	machine bool
} {
	type part = struct {
		imports []string
		machine bool
	}
	return map[string]part{
		"generator/spec":   {},
		"generator/model":  {imports: []string{"generator/spec"}},
		"generator/render": {imports: []string{"generator/model", "templates"}},
		"generator/merge":  {},
		"generator/rename": {},
		"generator/emit":   {imports: []string{"generator/render", "generator/merge"}, machine: true},
		"cmd": {
			imports: []string{"generator/spec", "generator/model", "generator/render", "generator/merge", "generator/rename",
				"generator/emit"},
			machine: true,
		},
		".":         {imports: []string{"cmd"}, machine: true},
		"templates": {},
	}
}

// machine lists the packages of the standard library through which code meets the disk, the network, other processes or
// the clock.
func machine() []string {
	return []string{"os", "os/exec", "os/signal", "io/ioutil", "net", "net/http", "syscall", "time", "math/rand", "math/rand/v2"}
}

func TestImportsGoOneWay(t *testing.T) {
	for dir, part := range arrow() {
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(dir), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		checked := 0
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			checked++
			for _, imported := range importsOf(t, file) {
				ours, isOurs := strings.CutPrefix(imported, "wsgen/")
				if isOurs && !slices.Contains(part.imports, ours) {
					t.Errorf("%s imports %s, against the arrow of the pipeline", file, imported)
				}
				if !part.machine && slices.Contains(machine(), imported) {
					t.Errorf("%s imports %s: only emit, cmd and main touch the machine", file, imported)
				}
			}
		}
		if checked == 0 {
			t.Errorf("%s holds no Go file", dir)
		}
	}
}

// Every package of wsgen itself is one that the arrow speaks of.
func TestEveryPackageHasItsPlace(t *testing.T) {
	known := arrow()
	for _, root := range []string{"cmd", "generator", "templates"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "testdata" || filepath.Base(filepath.Dir(name)) == "templates") {
				return filepath.SkipDir // templates/project is the emitted project, whose arrow the compiler holds
			}
			dir := path.Dir(strings.TrimPrefix(filepath.ToSlash(name), "../"))
			if _, ok := known[dir]; !ok && strings.HasSuffix(name, ".go") {
				t.Errorf("%s: the arrow does not speak of %s", name, dir)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The emitted project's own arrow: main → routing → consumers → internal/ws, and routing → settings → internal/ws. What the spec
// asks for stands beside the runtime and knows nothing of the project.
func TestEmittedImportsGoOneWay(t *testing.T) {
	for project, parts := range map[string][]string{
		"mixed":         nil,
		"session_redis": {"internal/ws/redislayer", "internal/ws/session"},
		"jwt_nats":      {"internal/ws/natslayer", "internal/ws/jwt"},
	} {
		allowed := map[string][]string{
			".":                  append([]string{"consumers", "internal/ws", "routing", "settings"}, parts...),
			"routing":            append([]string{"consumers", "internal/ws", "settings"}, parts...),
			"consumers":          {"internal/ws"},
			"settings":           append([]string{"internal/ws"}, parts...),
			"internal/ws":        {},
			"internal/ws/wstest": {"internal/ws"},
		}
		if len(parts) > 0 {
			allowed["."] = append(allowed["."], "login")
			allowed["login"] = append([]string{"internal/ws"}, parts...)
		}
		for _, part := range parts {
			allowed[part] = []string{"internal/ws", "internal/ws/envelope"}
			allowed["internal/ws/envelope"] = []string{"internal/ws"}
		}
		for dir, may := range allowed {
			checkEmittedImports(t, project, dir, may)
		}
	}
}

// checkEmittedImports reports what a folder of a project imports of that project against the arrow.
func checkEmittedImports(t *testing.T, project, dir string, may []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(project, filepath.FromSlash(dir), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Errorf("%s/%s holds no Go file", project, dir)
	}
	for _, file := range files {
		for _, imported := range importsOf(t, file) {
			ours, isOurs := strings.CutPrefix(imported, "example.com/"+project+"/")
			if isOurs && !strings.HasSuffix(file, "_test.go") && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s, against the arrow of an emitted project", file, imported)
			}
		}
	}
}

// importsOf returns the import paths of a Go file.
func importsOf(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, i := range parsed.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}

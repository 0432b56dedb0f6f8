package golden

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// npmPackage returns the folder of a package that js/package.json pins. Where it is not installed the test is skipped, and
// fails with CI=true.
func npmPackage(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "js", "node_modules", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		lacking(t, "the npm package "+name+" is not installed: npm ci --prefix js")
	}
	return dir
}

// scripts returns the JavaScript files of a project's client.
func scripts(t *testing.T, project string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(project, "client", "*.js"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(files, filepath.Join(project, "client", "index.js")) {
		t.Fatalf("%s has no client/index.js", project)
	}
	return files
}

func TestNodeParsesTheClient(t *testing.T) {
	node := need(t, "node")
	for _, p := range projects() {
		for _, file := range scripts(t, p.name) {
			run(t, ".", os.Environ(), node, "--check", file)
		}
	}
}

// TypeScript accepts the client itself, strictly checked, and a program that is written against its declarations.
func TestTypeScriptAcceptsTheClient(t *testing.T) {
	node, tsc := need(t, "node"), filepath.Join(npmPackage(t, "typescript"), "bin", "tsc")
	flags := []string{tsc, "--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler",
		"--lib", "es2022,dom,dom.iterable"}
	for _, p := range projects() {
		t.Run(p.name, func(t *testing.T) {
			run(t, ".", os.Environ(), node, slices.Concat(flags, []string{"--allowJs", "--checkJs"}, scripts(t, p.name))...)
			run(t, ".", os.Environ(), node, append(flags, filepath.Join("testdata", p.name+".ts"))...)
		})
	}
}

// The emitted client and a foreign one talk to the running service from Node.
func TestNode(t *testing.T) {
	node, ws := need(t, "node"), filepath.Join(npmPackage(t, "ws"), "wrapper.mjs")
	for _, p := range stubs() {
		t.Run(p.name, func(t *testing.T) {
			client, err := filepath.Abs(filepath.Join(p.name, "client", "index.js"))
			if err != nil {
				t.Fatal(err)
			}
			s := startGolden(t, p.name)
			s.logIn(t, p.name)
			token := strings.TrimPrefix(s.header.Get("Authorization"), "Bearer ")
			env := append(os.Environ(), "COOKIE="+s.header.Get("Cookie"), "TOKEN="+token, "CLIENT="+client, "WS="+ws, "BASE_URL="+s.url, "ROUTE="+routed(p.name)[0])
			out := run(t, ".", env, node, filepath.Join("testdata", "emitted.mjs"))
			if got, want := strings.Count(out, "ok "), len(readRoutes(t, p.name)); got != want {
				t.Errorf("it talked to %d of %d routes:\n%s", got, want, out)
			}
			run(t, ".", env, node, filepath.Join("testdata", "foreign.mjs"))
		})
	}
}

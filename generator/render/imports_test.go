package render

import (
	"go/format"
	"strings"
	"testing"
)

func TestMoveImports(t *testing.T) {
	const src = `// Package a speaks of "wsgen/templates/project/internal/ws" in a comment.
package a

import (
	"fmt"
	ws "wsgen/templates/project/internal/ws" // the runtime
	` + "`wsgen/templates/project/settings`" + `
	_ "wsgen/templates/projector"
	_ "wsgen/templates/project"
)

import "wsgen/templates/project/consumers"

const text = "wsgen/templates/project/internal/ws"
`
	const want = `// Package a speaks of "wsgen/templates/project/internal/ws" in a comment.
package a

import (
	"fmt"
	ws "example.com/updater/internal/ws" // the runtime
	"example.com/updater/settings"
	_ "wsgen/templates/projector"
	_ "wsgen/templates/project"
)

import "example.com/updater/consumers"

const text = "wsgen/templates/project/internal/ws"
`
	got, err := moveImports("a.go", []byte(src), sourceModule, "example.com/updater")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestMoveImportsNamesTheFileThatIsBroken(t *testing.T) {
	_, err := moveImports("internal/ws/odd.go", []byte("package ws\nimport x y z\n"), sourceModule, "example.com/updater")
	if err == nil || !strings.Contains(err.Error(), "internal/ws/odd.go") {
		t.Errorf("got error %v, want one that names the file", err)
	}
}

// A moved static source is not formatted again, so moving must keep it formatted, whatever the module is called.
func TestMovedSourcesStayFormatted(t *testing.T) {
	for _, module := range []string{"a", "example.com/updater", "zz.example.org/deep/path/of/a/Service"} {
		p := emptyProject()
		p.Module = module
		for _, f := range files(t, p) {
			if !strings.HasSuffix(f.Path, ".go") {
				continue
			}
			text := renderNew(t, f)
			formatted, err := format.Source(text)
			if err != nil {
				t.Errorf("module %s: %s: %v", module, f.Path, err)
			} else if string(formatted) != string(text) {
				t.Errorf("module %s: %s is not formatted", module, f.Path)
			}
			if strings.Contains(string(text), sourceModule) {
				t.Errorf("module %s: %s still speaks of %s", module, f.Path, sourceModule)
			}
		}
	}
}

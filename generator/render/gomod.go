package render

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/modfile"

	"wsgen/generator/model"
)

// goMod is the data of go.mod.tmpl.
type goMod struct {
	Module string
	asked
}

func newGoMod(p *model.Project) goMod { return goMod{Module: p.Module, asked: newAsked(p)} }

// spliceMod returns existing with the requirements of wanted that it lacks, and nothing else changed: a version stays what
// it is, newer or older, and so do order, comments and line endings. A nil existing becomes wanted. Where existing is in no
// state to be added to, the error is a *[RefusedError].
func spliceMod(wanted, existing []byte) ([]byte, error) {
	if existing == nil {
		return wanted, nil
	}
	if err := unmerged("go.mod", existing); err != nil {
		return nil, err
	}
	want, err := modfile.Parse("go.mod", wanted, nil)
	if err != nil {
		return nil, fmt.Errorf("internal error: the text made for go.mod is not valid (please report this): %w", err)
	}
	have, err := modfile.ParseLax("go.mod", existing, nil)
	if err != nil {
		return nil, unparsable(err)
	}
	if err := sameModule(want, have); err != nil {
		return nil, err
	}
	missing := missingRequirements(want, have)
	if len(missing) == 0 {
		return existing, nil
	}
	at, block := requirePlace(have.Syntax, existing)
	return insert(existing, at, requireLines(missing, block)), nil
}

// RefusedError is a spliced file in such a state that nothing can be added to it. It is the user's to mend.
type RefusedError struct {
	Path   string
	Line   int    // from 1; 0 stands for the file as a whole
	Fact   string // to be read after the place: "the module is example.com/a, but wsgen.yaml says example.com/b"
	WayOut string
}

// Error says the place, the fact and the way out.
func (e *RefusedError) Error() string {
	place := e.Path
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d", e.Path, e.Line)
	}
	return fmt.Sprintf("%s: %s: %s", place, e.Fact, e.WayOut)
}

// unparsable refuses a go.mod that its parser refuses, at the first place that the parser names.
func unparsable(err error) error {
	refused := &RefusedError{Path: "go.mod", Fact: "the file cannot be read: " + err.Error(), WayOut: "mend it"}
	var list modfile.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		refused.Line, refused.Fact = list[0].Pos.Line, "the file cannot be read: "+list[0].Err.Error()
	}
	return refused
}

// unmerged refuses a file that git left half merged: go.mod's parser and go.sum's take the markers for something of theirs.
func unmerged(name string, text []byte) error {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if bytes.HasPrefix(line, []byte("<<<<<<< ")) {
			return &RefusedError{name, number, "the file holds the two sides of a git merge", "resolve the merge"}
		}
	}
	return nil
}

// sameModule refuses a go.mod whose module is not that of the spec: the imports of the generated code would lead nowhere.
func sameModule(want, have *modfile.File) error {
	wanted := want.Module.Mod.Path
	if have.Module == nil {
		return &RefusedError{"go.mod", 0, "the file has no module line", "add `module " + wanted + "` as its first line"}
	}
	if got := have.Module.Mod.Path; got != wanted {
		return &RefusedError{"go.mod", have.Module.Syntax.Start.Line,
			fmt.Sprintf("the module is %s, but wsgen.yaml says %s", got, wanted), "write the same path in both"}
	}
	return nil
}

// missingRequirements returns the requirements of want whose module have does not require in any version.
func missingRequirements(want, have *modfile.File) []*modfile.Require {
	required := make(map[string]bool, len(have.Require))
	for _, r := range have.Require {
		required[r.Mod.Path] = true
	}
	var missing []*modfile.Require
	for _, r := range want.Require {
		if !required[r.Mod.Path] {
			missing = append(missing, r)
		}
	}
	return missing
}

// requirePlace returns the offset at which requirements can be added to the file: in the first require block, which by
// convention holds the direct ones, where there is one (block is then true), else at the end of the file.
func requirePlace(syntax *modfile.FileSyntax, text []byte) (at int, block bool) {
	for _, stmt := range syntax.Stmt {
		b, ok := stmt.(*modfile.LineBlock)
		if !ok || b.Token[0] != "require" {
			continue
		}
		line := bytes.LastIndexByte(text[:b.RParen.Pos.Byte], '\n') + 1
		if len(bytes.TrimSpace(text[line:b.RParen.Pos.Byte])) == 0 {
			return line, true
		}
	}
	return len(text), false
}

// requireLines writes the requirements as lines of a require block, or as a block of their own.
func requireLines(missing []*modfile.Require, block bool) string {
	var lines strings.Builder
	for _, r := range missing {
		fmt.Fprintf(&lines, "\t%s %s", modfile.AutoQuote(r.Mod.Path), r.Mod.Version)
		if r.Indirect {
			lines.WriteString(" // indirect")
		}
		lines.WriteByte('\n')
	}
	if block {
		return lines.String()
	}
	return "\nrequire (\n" + lines.String() + ")\n"
}

// insert returns text with the lines added at the offset, which is the start of a line or the end of the text, in the line
// endings of text.
func insert(text []byte, at int, lines string) []byte {
	if at == len(text) && at > 0 && text[at-1] != '\n' {
		lines = "\n" + lines
	}
	if bytes.Contains(text, []byte("\r\n")) {
		lines = strings.ReplaceAll(lines, "\n", "\r\n")
	}
	out := make([]byte, 0, len(text)+len(lines))
	out = append(out, text[:at]...)
	out = append(out, lines...)
	return append(out, text[at:]...)
}

package render

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/mod/modfile"

	"wsgen/generator/model"
)

// goMod is the data of go.mod.tmpl.
type goMod struct {
	Module string
}

func newGoMod(p *model.Project) goMod { return goMod{Module: p.Module} }

// spliceMod returns existing with the requirements of wanted that it lacks, and nothing else changed: a version stays what
// it is, newer or older, and so do order, comments and line endings. A nil existing becomes wanted.
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
		return nil, fmt.Errorf("%w; mend the file and run the command again", err)
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

// unmerged refuses a file that git left half merged: go.mod's parser and go.sum's take the markers for something of theirs.
func unmerged(name string, text []byte) error {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if bytes.HasPrefix(line, []byte("<<<<<<< ")) {
			return fmt.Errorf("%s:%d: the file holds the conflict markers of a merge; resolve it and run the command again", name, number)
		}
	}
	return nil
}

// sameModule refuses a go.mod whose module is not that of the spec: the imports of the generated code would lead nowhere.
func sameModule(want, have *modfile.File) error {
	wanted := want.Module.Mod.Path
	if have.Module == nil {
		return fmt.Errorf("go.mod has no module line: add `module %s` as its first line", wanted)
	}
	if got := have.Module.Mod.Path; got != wanted {
		return fmt.Errorf("go.mod:%d: the module is %s, but wsgen.yaml says %s: write the same path in both",
			have.Module.Syntax.Start.Line, got, wanted)
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

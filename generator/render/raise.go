package render

import (
	"bytes"
	"cmp"
	goversion "go/version"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// raiseMod is spliceMod for an upgrade: it also raises the versions and the go directive that are lower than wanted says, each
// where it stands. A module that existing replaces in the very version that it requires is left alone: raised, it would lose
// its replacement.
func raiseMod(wanted, existing []byte) ([]byte, error) {
	text, err := spliceMod(wanted, existing)
	if err != nil || existing == nil {
		return text, err
	}
	want, err := modfile.Parse("go.mod", wanted, nil)
	if err != nil {
		return nil, err
	}
	have, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		return nil, unparsable(err)
	}
	versions := make(map[string]string, len(want.Require))
	for _, r := range want.Require {
		versions[r.Mod.Path] = r.Mod.Version
	}
	var all []raise
	pinned := replacedVersions(have.Syntax)
	for _, r := range have.Require {
		to := versions[r.Mod.Path]
		if semver.Compare(r.Mod.Version, to) < 0 && semver.IsValid(r.Mod.Version) && !pinned[r.Mod.Path+" "+r.Mod.Version] {
			all = append(all, raise{r.Syntax.End.Byte, to})
		}
	}
	switch {
	case have.Go == nil && have.Module.Syntax.InBlock:
		all = append(all, raise{len(text), ""})
	case have.Go == nil: // the go command takes that for a very old one
		all = append(all, raise{have.Module.Syntax.End.Byte, ""})
	case goversion.Compare("go"+have.Go.Version, "go"+want.Go.Version) < 0:
		all = append(all, raise{have.Go.Syntax.End.Byte, want.Go.Version})
	}
	return raiseAll(text, all, want.Go.Version), nil
}

// raise is a version in a go.mod that is to be another one.
type raise struct {
	end int    // the offset behind the version as it stands
	to  string // "" for a go directive that is to be added below the line that ends there
}

// raiseAll carries the raises out, the last one in the text first, so that no offset moves before its turn.
func raiseAll(text []byte, all []raise, directive string) []byte {
	slices.SortFunc(all, func(a, b raise) int { return cmp.Compare(b.end, a.end) })
	for _, r := range all {
		if r.to == "" {
			at := len(text)
			if i := bytes.IndexByte(text[r.end:], '\n'); i >= 0 {
				at = r.end + i + 1
			}
			text = insert(text, at, "\ngo "+directive+"\n")
			continue
		}
		start := bytes.LastIndexAny(text[:r.end], " \t") + 1
		text = slices.Concat(text[:start], []byte(r.to), text[r.end:])
	}
	return text
}

// replacedVersions returns the replaced modules of which one version alone is replaced, as "path version".
func replacedVersions(syntax *modfile.FileSyntax) map[string]bool {
	replaced := make(map[string]bool)
	note := func(tokens []string) {
		if len(tokens) > 2 && tokens[2] == "=>" {
			replaced[tokens[0]+" "+tokens[1]] = true
		}
	}
	for _, stmt := range syntax.Stmt {
		switch s := stmt.(type) {
		case *modfile.Line:
			if s.Token[0] == "replace" {
				note(s.Token[1:])
			}
		case *modfile.LineBlock:
			for _, line := range s.Line {
				if s.Token[0] == "replace" {
					note(line.Token)
				}
			}
		}
	}
	return replaced
}

// raiseSum is spliceSum for an upgrade: a module that is there in lower versions alone gets the lines of the wanted one as well,
// which go.mod then asks for.
func raiseSum(wanted, existing []byte) ([]byte, error) {
	text, err := spliceSum(wanted, existing)
	if err != nil || existing == nil {
		return text, err
	}
	highest := make(map[string]string)
	for _, l := range sumLines(existing) {
		if semver.Compare(highest[l.module], l.version) < 0 {
			highest[l.module] = l.version
		}
	}
	var missing string
	for _, l := range sumLines(wanted) {
		if h := highest[l.module]; h != "" && semver.Compare(h, l.version) < 0 {
			missing += l.text + "\n"
		}
	}
	if missing == "" {
		return text, nil
	}
	return insert(text, len(text), missing), nil
}

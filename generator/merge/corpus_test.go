package merge

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// triple is one merge of the corpus: what a user and a newer template did to one file.
type triple struct {
	name               string
	base, ours, theirs string
	conflicts          int
}

// corpus reads testdata. Each archive holds a base, and sections that say what the sides did to it:
//
//	conflicts: 1             what is expected; none if left out
//	ours: crlf               a side, and what holds for the whole of it
//	-old line                lines that stand in the base once, in one piece,
//	+new line                and what stands there instead; an empty line ends it
//	theirs:                  the other side; both: is for both of them
//
// For the whole of a text (base: takes them too): crlf gives it the line endings of Windows, open takes the newline from
// its end, spaces indents it by spaces instead of tabs, empty leaves nothing but the new lines.
func corpus(t testing.TB) []triple {
	t.Helper()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all []triple
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		base := string(archive.Files[0].Data)
		for _, section := range archive.Files[1:] {
			made, err := newTriple(base, string(section.Data))
			if err != nil {
				t.Fatalf("%s: %s: %v", name, section.Name, err)
			}
			made.name = filepath.Base(name) + ": " + section.Name
			all = append(all, made)
		}
	}
	return all
}

// newTriple follows the lines of a section.
func newTriple(base, section string) (triple, error) {
	made := triple{}
	texts := map[string]*string{"base": &made.base, "ours": &made.ours, "theirs": &made.theirs}
	flags := map[string]string{}
	edits := map[string][]edit{}
	var sides []string
	fresh := true // the next line of an edit begins a new one
	for line := range strings.Lines(section) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case line[0] == '-' || line[0] == '+':
			for _, side := range sides {
				if fresh {
					edits[side] = append(edits[side], edit{})
				}
				edits[side][len(edits[side])-1].add(line)
			}
			fresh = false
			continue
		case line == "\n":
		case word == "conflicts":
			n, err := strconv.Atoi(strings.TrimSpace(rest))
			if err != nil {
				return triple{}, err
			}
			made.conflicts = n
		case word == "both":
			sides = []string{"ours", "theirs"}
		case texts[word] != nil:
			sides = []string{word}
			flags[word] = rest
		default:
			return triple{}, fmt.Errorf("%q is neither an edit nor a side", line)
		}
		fresh = true
	}
	for side, text := range texts {
		var err error
		if *text, err = apply(base, edits[side], flags[side]); err != nil {
			return triple{}, fmt.Errorf("%s: %w", side, err)
		}
	}
	return made, nil
}

// edit replaces one text by another.
type edit struct{ from, to string }

func (e *edit) add(line string) {
	if line[0] == '-' {
		e.from += line[1:]
	} else {
		e.to += line[1:]
	}
}

func apply(text string, edits []edit, flags string) (string, error) {
	fields := strings.Fields(flags)
	for _, flag := range fields {
		switch flag {
		case "empty":
			text = ""
		case "spaces":
			text = strings.ReplaceAll(text, "\t", "    ")
		}
	}
	for _, e := range edits {
		if e.from == "" {
			text += e.to
			continue
		}
		if n := strings.Count("\n"+text, "\n"+e.from); n != 1 {
			return "", fmt.Errorf("%d places with:\n%s", n, e.from)
		}
		text = strings.Replace("\n"+text, "\n"+e.from, "\n"+e.to, 1)[1:]
	}
	for _, flag := range fields {
		switch flag {
		case "crlf":
			text = strings.ReplaceAll(text, "\n", "\r\n")
		case "open":
			text = strings.TrimRight(text, "\r\n")
		case "empty", "spaces":
		default:
			return "", fmt.Errorf("nobody knows what %q is", flag)
		}
	}
	return text, nil
}

// TestCorpus compares with the git of this machine, byte by byte. How many conflicts there are is written down beside each
// triple, so that it is held where there is no git.
func TestCorpus(t *testing.T) {
	all := corpus(t)
	if len(all) < 40 {
		t.Fatalf("the corpus has only %d triples", len(all))
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			got := Three([]byte(c.base), []byte(c.ours), []byte(c.theirs), labels)
			if got.Conflicts != c.conflicts {
				t.Errorf("%d conflicts, want %d:\n%s", got.Conflicts, c.conflicts, got.Text)
			}
			checkProperties(t, []byte(c.base), []byte(c.ours), []byte(c.theirs))
			if got.Conflicts > 0 {
				return
			}
			again := Three([]byte(c.base), got.Text, []byte(c.theirs), labels)
			if again.Conflicts > 0 || !bytes.Equal(again.Text, got.Text) {
				t.Errorf("merged once more it is, with %d conflicts:\n%s", again.Conflicts, again.Text)
			}
		})
	}
}

func TestCorpusAsGit(t *testing.T) {
	g := newGit(t)
	for _, c := range corpus(t) {
		t.Run(c.name, func(t *testing.T) {
			// Both ways round: the template's text may as well be the user's.
			for _, sides := range [][2]string{{c.ours, c.theirs}, {c.theirs, c.ours}} {
				compare(t, g, []byte(c.base), []byte(sides[0]), []byte(sides[1]))
			}
		})
	}
}

package merge

import (
	"slices"
	"strings"
	"testing"
)

// TestEndingsAsGit compares texts whose lines end each in its own way, the last one now and then in none.
func TestEndingsAsGit(t *testing.T) {
	g := newGit(t)
	for seed := range uint64(400) {
		s := newSource(seed, 3)
		text := func() []byte {
			var text []byte
			windows := s.IntN(4) // of 3: how many lines
			for range s.IntN(4) {
				text = append(text, s.line()...)
				if s.IntN(3) < windows {
					text = append(text, '\r')
				}
				text = append(text, '\n')
			}
			if len(text) > 0 && s.IntN(2) == 0 {
				text = text[:len(text)-1]
			}
			return text
		}
		compare(t, g, text(), text(), text())
	}
}

// TestRareAsGit compares what random texts hardly come upon.
func TestRareAsGit(t *testing.T) {
	g := newGit(t)
	braces := slices.Repeat([]string{"}\n"}, 32)
	for _, c := range []struct {
		name               string
		base, ours, theirs []string
	}{
		{
			name:   "common lines in a crowd of new ones, as many as make them common",
			base:   slices.Concat(lines("head", 5), braces, lines("tail", 5)),
			ours:   slices.Concat([]string{"ours\n"}, lines("new", 300), braces, lines("more", 300), []string{"ours\n"}),
			theirs: slices.Concat(lines("head", 5), braces[:10], []string{"theirs\n"}, braces[:22], lines("tail", 5)),
		},
		{
			name:   "a number between two conflicts",
			base:   []string{"a\n", "{\n", "{\n", "\t1,\n", "}\n", "}\n", "b\n"},
			ours:   []string{"a ours\n", "{\n", "{\n", "\t1,\n", "}\n", "}\n", "b ours\n"},
			theirs: []string{"a theirs\n", "{\n", "{\n", "\t1,\n", "}\n", "}\n", "b theirs\n"},
		},
		{
			name:   "braces between two conflicts",
			base:   []string{"a\n", "{\n", "{\n", "\n", "}\n", "}\n", "b\n"},
			ours:   []string{"a ours\n", "{\n", "{\n", "\n", "}\n", "}\n", "b ours\n"},
			theirs: []string{"a theirs\n", "{\n", "{\n", "\n", "}\n", "}\n", "b theirs\n"},
		},
		{
			name:   "a conflict that is none, between two that are near",
			base:   words("11 38 39 ) 24 - [ - 32 30 20 39 26 28 13 34 26 20 } 24 20 8"),
			ours:   words("return ) - 28 21 13 21 27 13 28 8 }"),
			theirs: words("11 36 14 13 29 ) - 28 32 35 19 } 13 28 27 20 8"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			compare(t, g, joined(c.base), joined(c.ours), joined(c.theirs))
			compare(t, g, joined(c.base), joined(c.theirs), joined(c.ours))
		})
	}
}

// words makes a line of each word.
func words(text string) []string {
	words := strings.Fields(text)
	for i := range words {
		words[i] += "\n"
	}
	return words
}

// compare fails where git is of another opinion.
func compare(t *testing.T, g *git, base, ours, theirs []byte) {
	t.Helper()
	got := Three(base, ours, theirs, labels)
	want, err := g.merge(base, ours, theirs)
	if err != nil {
		t.Fatal(err)
	}
	if !g.same(got, want) {
		t.Errorf("%d conflicts:\n%q\ngit has %d:\n%q\nof %q\n%q\n%q", got.Conflicts, got.Text, want.Conflicts, want.Text, base, ours, theirs)
	}
}

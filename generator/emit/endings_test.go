package emit

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestWithEndings(t *testing.T) {
	for _, test := range []struct{ name, model, text, want string }{
		{"unix", "a\nb\n", "a\nc\n", "a\nc\n"},
		{"windows", "a\r\nb\r\n", "a\nc", "a\r\nc"},
		{"windows but for the last line", "a\r\nb", "a\nb\nc\n", "a\r\nb\r\nc\r\n"},
		{"mostly windows", "a\r\nb\nc\r\nd\r\n", "a\nb\nnew\nd\n", "a\r\nb\nnew\r\nd\r\n"},
		{"mostly unix", "a\r\nb\nc\nd\n", "new\na\nb\nd\nmore", "new\na\r\nb\nd\nmore"},
		{"as many of each", "a\r\nb\n", "a\nb\nc\n", "a\r\nb\nc\n"},
		{"a lone carriage return", "a\rb\nc\r\n", "a\rb\nc\nd\n", "a\rb\nc\r\nd\n"},
		{"two carriage returns", "a\r\r\nb\n", "a\r\nb\n", "a\r\r\nb\n"},
		{"nothing in common", "a\r\nb\nc\r\n", "x\n", "x\r\n"},
		{"emptied", "a\r\nb\n", "", ""},
		{"no line", "", "a\n", "a\n"},
	} {
		if got := withEndings([]byte(test.text), []byte(test.model)); string(got) != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestWithEndingsOfAnything: a text comes out as it is but for its line endings, and the model's own text as the model.
func TestWithEndingsOfAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		model, text := randomLines(r, true), randomLines(r, false)
		if got := normalize(withEndings(text, model)); !bytes.Equal(got, normalize(text)) {
			t.Fatalf("%q with the endings of %q became %q", text, model, got)
		}
		if got := withEndings(normalize(model), model); !bytes.Equal(got, model) {
			t.Fatalf("%q became %q", model, got)
		}
	}
}

// randomLines makes a short text of few words, so that two of them have lines in common.
func randomLines(r *rand.Rand, windows bool) []byte {
	var b strings.Builder
	for range r.IntN(12) {
		b.WriteString([]string{"a", "b", "c", "", "d"}[r.IntN(5)])
		if windows && r.IntN(2) == 0 {
			b.WriteByte('\r')
		}
		b.WriteByte('\n')
	}
	if r.IntN(3) == 0 {
		b.WriteString("end")
	}
	return []byte(b.String())
}

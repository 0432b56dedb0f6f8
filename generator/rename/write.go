package rename

import (
	"bytes"
	"cmp"
	"go/format"
	"slices"
)

// edit gives a part of a text another content.
type edit struct {
	from, to int
	with     string
}

// rewritten returns a Go text with its edits. One that was formatted as gofmt does is so afterwards: names of another length move
// what stands in columns. In any other the edits are all that changes.
func rewritten(text []byte, edits []edit) []byte {
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var out []byte
	done := 0
	for _, e := range edits {
		out = append(out, text[done:e.from]...)
		out = append(out, e.with...)
		done = e.to
	}
	out = append(out, text[done:]...)
	if better, ok := formatted(text); !ok || !bytes.Equal(better, text) {
		return out
	}
	if better, ok := formatted(out); ok {
		return better
	}
	return out
}

// formatted returns a Go text as gofmt has it, but with the byte order mark and the line ends that it has. It is not ok for
// a text that does not parse.
func formatted(text []byte) (better []byte, ok bool) {
	mark := []byte("\uFEFF")
	plain, marked := bytes.CutPrefix(text, mark)
	crlf := bytes.Contains(plain, []byte("\r\n"))
	if crlf {
		plain = bytes.ReplaceAll(plain, []byte("\r\n"), []byte("\n"))
	}
	better, err := format.Source(plain)
	if err != nil {
		return nil, false
	}
	if crlf {
		better = bytes.ReplaceAll(better, []byte("\n"), []byte("\r\n"))
	}
	if marked {
		better = slices.Concat(mark, better)
	}
	return better, true
}

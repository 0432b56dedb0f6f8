package emit

import (
	"bytes"

	"github.com/aymanbagabas/go-udiff"
)

// withEndings returns a text that has the line endings of Unix with those of the model: a line of the model keeps its own, and
// one that is new gets the kind that most lines of the model have.
func withEndings(text, model []byte) []byte {
	switch windows, all := bytes.Count(model, []byte("\r\n")), bytes.Count(model, []byte("\n")); windows {
	case 0:
		return text
	case all:
		return withCR(text)
	default:
		return mixedEndings(text, model, 2*windows > all)
	}
}

// inKind returns a text that has the line endings of Unix, which is to replace the old one, in those of Windows where every line
// of the old one has them: a checkout that has them throughout keeps them throughout.
func inKind(text, old []byte) []byte {
	if n := bytes.Count(old, []byte("\r\n")); n > 0 && n == bytes.Count(old, []byte("\n")) {
		return withCR(text)
	}
	return text
}

// mixedEndings is withEndings for a model that has both kinds. Windows is the kind of new lines.
func mixedEndings(text, model []byte, windows bool) []byte {
	var out []byte
	at := 0 // how much of the model is dealt with, counted in its normalized form
	rest := model
	skip := func(to int, copied bool) {
		for at < to {
			end := bytes.IndexByte(rest, '\n') + 1
			if end == 0 {
				end = len(rest)
			}
			line := rest[:end]
			rest = rest[end:]
			at += len(normalize(line))
			if copied {
				out = append(out, line...)
			}
		}
	}
	before := normalize(model)
	for _, e := range udiff.Lines(string(before), string(text)) {
		skip(e.Start, true)
		skip(e.End, false)
		if windows {
			out = append(out, withCR([]byte(e.New))...)
		} else {
			out = append(out, e.New...)
		}
	}
	skip(len(before), true)
	return out
}

// withCR returns a text with the line endings of Unix in those of Windows.
func withCR(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")) }

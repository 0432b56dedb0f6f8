package emit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// normalize returns the text with the line endings of Unix: what git does to line endings on checkout is not an edit.
// A text without CR is returned as it is.
func normalize(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
}

// sameText compares two texts but for their line endings.
func sameText(a, b []byte) bool {
	return bytes.Equal(a, b) || bytes.Equal(normalize(a), normalize(b))
}

// hashText returns the SHA-256 of a text but for its line endings, in hex: the hash of the manifest.
func hashText(text []byte) string { return hashBytes(normalize(text)) }

// hashBytes returns the SHA-256 of the bytes as they are, in hex: the hash of the journal.
func hashBytes(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// conflicted tells a text in which git left the two sides of a merge.
func conflicted(text []byte) bool {
	return hasLine(text, "<<<<<<< ") && hasLine(text, ">>>>>>> ")
}

// hasLine says whether a line of the text begins with the prefix.
func hasLine(text []byte, prefix string) bool {
	return bytes.HasPrefix(text, []byte(prefix)) || bytes.Contains(text, []byte("\n"+prefix))
}

// agreed returns the lines of a text in which git left both sides of a merge that are on neither of them.
func agreed(text []byte) []byte {
	var kept []byte
	inside := false
	for line := range bytes.Lines(text) {
		switch {
		case bytes.HasPrefix(line, []byte("<<<<<<< ")):
			inside = true
		case inside && bytes.HasPrefix(line, []byte(">>>>>>> ")):
			inside = false
		case !inside:
			kept = append(kept, line...)
		}
	}
	return kept
}

// linesWithin reports whether every line of part is one of whole, as often as it is there.
func linesWithin(part, whole []byte) bool {
	left := make(map[string]int)
	for line := range bytes.Lines(normalize(whole)) {
		left[string(line)]++
	}
	for line := range bytes.Lines(normalize(part)) {
		if left[string(line)] == 0 {
			return false
		}
		left[string(line)]--
	}
	return true
}

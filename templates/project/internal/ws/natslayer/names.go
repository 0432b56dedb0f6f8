package natslayer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// plain reports whether a byte stands for itself in a token of a subject.
func plain(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '-' || b == '_'
}

// token writes any text as one token of a subject: what is not plain as = and two hexadecimal digits for each byte.
func token(text string) string {
	const digits = "0123456789ABCDEF"
	var t strings.Builder
	t.Grow(len(text) + 16)
	for i := range len(text) {
		if b := text[i]; plain(b) {
			t.WriteByte(b)
		} else {
			t.WriteByte('=')
			t.WriteByte(digits[b>>4])
			t.WriteByte(digits[b&15])
		}
	}
	return t.String()
}

// untoken returns the text that a token stands for.
func untoken(token string) (text string, ok bool) {
	var t strings.Builder
	for {
		before, after, found := strings.Cut(token, "=")
		t.WriteString(before)
		if !found {
			return t.String(), true
		}
		if len(after) < 2 {
			return "", false
		}
		b, err := hex.DecodeString(after[:2])
		if err != nil {
			return "", false
		}
		t.Write(b)
		token = after[2:]
	}
}

// familyOf returns the family of a topic: of group:job:42 it is job.
func familyOf(topic string) string {
	family, _, _ := strings.Cut(strings.TrimPrefix(topic, "group:"), ":")
	return family
}

// recordSubjects returns the subjects of the records of a topic, whose own subjects are given. JetStream finds the next message on
// one subject faster than on several.
func recordSubjects(topic string, latest bool) string {
	if latest {
		return topic + string(kindRecord) + ".*"
	}
	return topic + string(kindRecord) + "." + onlyKey
}

// onlyKey stands in the subjects of all records where none replaces another.
const onlyKey = "-"

// longKey is the length from which a key stands in a subject by its hash alone, in bytes.
const longKey = 128

// keyToken returns the token of a record's key. Where there is none, or all records are kept, it only has to be one of its own
// where each is to stay: unique is a number that no other record of the topic has.
func keyToken(key string, latest bool, unique uint64) string {
	switch {
	case !latest:
		return onlyKey
	case key == "":
		return "n" + strconv.FormatUint(unique, 10)
	case len(key) < longKey:
		return "k" + token(key)
	default:
		hash := sha256.Sum256([]byte(key))
		return "h" + hex.EncodeToString(hash[:])
	}
}

// splitSubject returns the topic, as a token, and the kind of a message that JetStream keeps.
func splitSubject(subject string) (topic string, k kind, err error) {
	parts := strings.SplitN(subject, ".", 6)
	if len(parts) < 5 {
		return "", "", fmt.Errorf("%q is no subject of a stream", subject)
	}
	return parts[3], kind(parts[4]), nil
}

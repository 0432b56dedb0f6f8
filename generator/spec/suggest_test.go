package spec

import (
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	known := []string{"chat", "ver_update", "consumers", "latest"}
	for word, want := range map[string]string{
		"consmers": "consumers", "Chat": "chat", "caht": "chat", "latets": "latest", "ver_updat": "ver_update", "verupdate": "ver_update",
		"cha": "chat", "chatt": "chat", "dog": "", "": "", "c": "", "consumer_groups": "", strings.Repeat("x", 100): "",
	} {
		if got := Suggest(word, known); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", word, got, want)
		}
	}
}

// TestDistance compares the distance near the diagonal with the plain definition, for all limits.
func TestDistance(t *testing.T) {
	words := []string{"", "a", "ab", "ba", "abc", "acb", "chat", "caht", "hcta", "latest", "latets", "consumers", "consmers", "abcdef", "badcfe", "xxxxxx"}
	for _, a := range words {
		for _, b := range words {
			want := plainDistance(a, b)
			for limit := range 12 {
				if got := distance(a, b, limit); got != min(want, limit+1) {
					t.Errorf("distance(%q, %q, %d) = %d, want %d", a, b, limit, got, min(want, limit+1))
				}
			}
		}
	}
}

// plainDistance is the definition of distance, without its limit.
func plainDistance(a, b string) int {
	switch {
	case a == "" || b == "":
		return len(a) + len(b)
	case a[len(a)-1] == b[len(b)-1]:
		return plainDistance(a[:len(a)-1], b[:len(b)-1])
	}
	d := 1 + min(plainDistance(a[:len(a)-1], b), plainDistance(a, b[:len(b)-1]), plainDistance(a[:len(a)-1], b[:len(b)-1]))
	if len(a) > 1 && len(b) > 1 && a[len(a)-1] == b[len(b)-2] && a[len(a)-2] == b[len(b)-1] {
		d = min(d, 1+plainDistance(a[:len(a)-2], b[:len(b)-2]))
	}
	return d
}

package spec

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Suggest returns the name among those known that a misspelt word most likely stands for, or "" when none is near. Of
// several that are equally near it takes the first.
func Suggest(word string, known []string) string {
	const longest = 64 // nothing that wsgen names is longer; a longer word is no misspelling
	if word == "" || len(word) > longest {
		return ""
	}
	folded := strings.ToLower(word)
	best, least := "", max(1, len(word)/3)+1
	for _, name := range known {
		if len(name) > longest {
			continue
		}
		if d := distance(folded, strings.ToLower(name), least-1); d < least {
			best, least = name, d
			if d == 0 {
				break
			}
		}
	}
	return best
}

// DidYouMean returns the hint that offers Suggest's answer, or "" when there is none.
func DidYouMean(word string, known []string) string {
	if s := Suggest(word, known); s != "" {
		return "did you mean " + Quote(s) + "?"
	}
	return ""
}

// distance returns how many single-byte insertions, deletions, replacements and swaps of neighbours turn a into b, or
// limit+1 when it is more than limit (the optimal string alignment distance).
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		if slices.Min(row) > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// Quote returns s between double quotes for a message: escaped, so that no character of a spec reaches a terminal as a
// command, and cut short where it is long.
func Quote(s string) string {
	const most = 72
	if utf8.RuneCountInString(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(string([]rune(s)[:most])) + "…"
}

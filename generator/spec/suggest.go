package spec

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// longest is the longest word that is looked for, in bytes. Nothing that wsgen names is longer; a longer word is no
// misspelling.
const longest = 64

// Suggest returns the name among those known that a misspelt word most likely stands for, or "" when none is near. Of
// several that are equally near it takes the first.
func Suggest(word string, known []string) string {
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
// limit+1 when it is more than limit (the optimal string alignment distance). Neither is longer than longest. Only the cells
// near the diagonal are computed: those farther away stand for more changes than limit.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit || max(len(a), len(b)) > 2*longest {
		return limit + 1
	}
	var rows [3][2*longest + 1]int // lower case can be longer than the word
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		from, to := max(1, i-limit), min(len(b), i+limit)
		row[from-1] = limit + 1
		if from == 1 {
			row[0] = i
		}
		least := row[from-1]
		for j := from; j <= to; j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j-1]+cost)
			if j < i+limit { // above lies inside the band
				row[j] = min(row[j], last[j]+1)
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit+1)
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

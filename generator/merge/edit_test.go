package merge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func lines(prefix string, n int) []string {
	made := make([]string, n)
	for i := range made {
		made[i] = fmt.Sprintf("%s %d\n", prefix, i)
	}
	return made
}

func joined(lines []string) []byte { return []byte(strings.Join(lines, "")) }

// TestTwoEdits merges every pair of edits of a text of five lines, all different: each side replaces some lines by up to two
// of its own. Edits that touch conflict unless they are the same; others stand both in the result.
func TestTwoEdits(t *testing.T) {
	old := lines("old", 5)
	type replacement struct{ lo, hi, by int }
	var all []replacement
	for lo := range len(old) + 1 {
		for hi := lo; hi <= len(old); hi++ {
			for by := range 3 {
				if by > 0 || hi > lo {
					all = append(all, replacement{lo, hi, by})
				}
			}
		}
	}
	for _, o := range all {
		ours := slices.Concat(old[:o.lo], lines("ours", o.by), old[o.hi:])
		for _, x := range all {
			theirs := slices.Concat(old[:x.lo], lines("theirs", x.by), old[x.hi:])
			got := Three(joined(old), joined(ours), joined(theirs), labels)
			var want []string
			switch touch := max(o.lo, x.lo) <= min(o.hi, x.hi); {
			case o == x && o.by == 0:
				want = ours
			case touch:
				if got.Conflicts == 0 {
					t.Errorf("%v of ours touches %v of theirs, and there is no conflict:\n%s", o, x, got.Text)
				}
				continue
			case o.lo < x.lo:
				want = slices.Concat(old[:o.lo], lines("ours", o.by), old[o.hi:x.lo], lines("theirs", x.by), old[x.hi:])
			default:
				want = slices.Concat(old[:x.lo], lines("theirs", x.by), old[x.hi:o.lo], lines("ours", o.by), old[o.hi:])
			}
			if got.Conflicts > 0 || string(got.Text) != string(joined(want)) {
				t.Errorf("%v of ours and %v of theirs: %d conflicts\n%s", o, x, got.Conflicts, got.Text)
			}
		}
	}
}

// TestApartEdits makes many edits to a text of different lines, each by one side or by both, and none beside another. All
// have to be in the result, and to merge that once more with either side changes nothing.
func TestApartEdits(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		old := lines("old", 10+r.IntN(200))
		var ours, theirs, want []string
		for at := 0; at < len(old); {
			hi := min(len(old), at+r.IntN(4))
			fresh := lines(fmt.Sprintf("new at %d", at), r.IntN(4))
			kept := old[at:hi]
			want = append(want, fresh...)
			switch r.IntN(3) {
			case 0:
				ours, theirs = append(ours, fresh...), append(theirs, kept...)
			case 1:
				ours, theirs = append(ours, kept...), append(theirs, fresh...)
			default:
				ours, theirs = append(ours, fresh...), append(theirs, fresh...)
			}
			next := min(len(old), hi+1+r.IntN(4))
			ours, theirs, want = append(ours, old[hi:next]...), append(theirs, old[hi:next]...), append(want, old[hi:next]...)
			at = next
		}
		base := joined(old)
		got := Three(base, joined(ours), joined(theirs), labels)
		if got.Conflicts > 0 || string(got.Text) != string(joined(want)) {
			t.Fatalf("seed %d: %d conflicts:\n%s\nwant:\n%s", seed, got.Conflicts, got.Text, joined(want))
		}
		for _, side := range [][]string{ours, theirs} {
			if again := Three(base, got.Text, joined(side), labels); again.Conflicts > 0 || string(again.Text) != string(got.Text) {
				t.Fatalf("seed %d: merged once more: %d conflicts:\n%s\nwant:\n%s", seed, again.Conflicts, again.Text, got.Text)
			}
		}
	}
}

// TestTwice merges clean results once more with the same text. On texts of different lines that changes nothing, moved
// blocks apart. With equal lines all over, the second difference may well be another than the first, for git as well.
func TestTwice(t *testing.T) {
	for _, c := range []struct{ kinds, most int }{{3, 20}, {12, 10}, {40, 5}, {100_000, 2}} { // most: percent of the clean ones
		clean, others := 0, 0
		for seed := range uint64(1500) {
			base, ours, theirs := newSource(seed, c.kinds).triple(60, 4)
			once := Three(base, ours, theirs, labels)
			if once.Conflicts > 0 {
				continue
			}
			clean++
			checkProperties(t, base, once.Text, theirs)
			if twice := Three(base, once.Text, theirs, labels); twice.Conflicts > 0 || string(twice.Text) != string(once.Text) {
				others++
			}
		}
		t.Logf("lines of %d values: %d of %d clean results are not the same when merged once more", c.kinds, others, clean)
		if others*100 > clean*c.most {
			t.Errorf("%d of %d clean results do not stay as they are", others, clean)
		}
	}
}

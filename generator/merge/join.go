package merge

import "slices"

// verdict says whose lines of a section stand in the result.
type verdict byte

const (
	takeOurs verdict = iota // only ours changed them, or both did the same
	takeTheirs
	takeBoth // a conflict
)

// section is a place at which one side or both changed the base: these spans of the two. What stands between two sections
// is the same in ours and theirs.
type section struct {
	verdict      verdict
	ours, theirs span
}

// sections are in order, and at least one line that is the same in ours and theirs stands between two of them.
type sections []section

// walk goes through the changes of one side.
type walk struct {
	changes []change // that are still to come
	shift   int      // how far the changes so far moved what follows, in lines down
}

// begins says where in base the next change begins; end says it where there is none.
func (w *walk) begins(end int) int {
	if len(w.changes) == 0 {
		return end
	}
	return w.changes[0].from.lo
}

// take passes the next change if it overlaps the span of base, or touches it, which then reaches to the end of both.
func (w *walk) take(in *span) bool {
	if len(w.changes) == 0 || w.changes[0].from.lo > in.hi {
		return false
	}
	x := w.changes[0]
	in.hi = max(in.hi, x.from.hi)
	w.shift += x.to.len() - x.from.len()
	w.changes = w.changes[1:]
	return true
}

// until returns the changes that were passed on the way to another point of the walk.
func (w walk) until(later walk) []change {
	return w.changes[:len(w.changes)-len(later.changes)]
}

// join lays what both sides did to the base side by side, each in order. Changes that overlap or touch make a conflict; a
// change that both sides made makes no section.
func join(t *texts, ourChanges, theirChanges []change) sections {
	var all sections
	ours, theirs := walk{changes: ourChanges}, walk{changes: theirChanges}
	end := len(t.base.class)
	for len(ours.changes) > 0 || len(theirs.changes) > 0 {
		oursBefore, theirsBefore := ours, theirs
		lo := min(ours.begins(end), theirs.begins(end))
		base := span{lo, lo}
		for ours.take(&base) || theirs.take(&base) {
			// What a change adds to the span may touch another one.
		}
		s := section{
			verdict: takeBoth,
			ours:    span{base.lo + oursBefore.shift, base.hi + ours.shift},
			theirs:  span{base.lo + theirsBefore.shift, base.hi + theirs.shift},
		}
		did, they := oursBefore.until(ours), theirsBefore.until(theirs)
		switch {
		case len(they) == 0:
			s.verdict = takeOurs
		case len(did) == 0:
			s.verdict = takeTheirs
		case len(did) == 1 && len(they) == 1 && t.same(did[0], they[0]):
			continue
		}
		all = append(all, s)
	}
	return all
}

// same says whether ours and theirs replaced the same lines by the same lines.
func (t *texts) same(ours, theirs change) bool {
	return ours.from == theirs.from &&
		slices.Equal(t.ours.class[ours.to.lo:ours.to.hi], t.theirs.class[theirs.to.lo:theirs.to.hi])
}

// narrow leaves of each conflict the lines that differ. One conflict may become many, or a section of ours where both sides
// did the same by changes of different extent.
func (all sections) narrow(t *texts, c *comparer) sections {
	var narrowed sections
	for _, s := range all {
		if s.verdict != takeBoth {
			narrowed = append(narrowed, s)
			continue
		}
		differences := c.changes(t.ours.class[s.ours.lo:s.ours.hi], t.theirs.class[s.theirs.lo:s.theirs.hi])
		if len(differences) == 0 {
			narrowed = append(narrowed, section{takeOurs, s.ours, s.theirs})
		}
		for _, x := range differences {
			narrowed = append(narrowed, section{takeBoth, x.from.shift(s.ours.lo), x.to.shift(s.theirs.lo)})
		}
	}
	return narrowed
}

// nearby is how many lines between two conflicts are not worth an end of one and a beginning of another, which take as many.
const nearby = 3

// gather makes one conflict of those that follow each other so closely that the markers would fill more lines than what is
// between them, or with no letter or digit between: braces and empty lines tell nobody where they are.
func (all sections) gather(t *texts) sections {
	var gathered sections
	for _, s := range all {
		if len(gathered) > 0 && s.verdict == takeBoth {
			last := &gathered[len(gathered)-1]
			between := t.ours.lines[last.ours.hi:s.ours.lo]
			if last.verdict == takeBoth && (len(between) <= nearby || !slices.ContainsFunc(between, telling)) {
				last.ours.hi, last.theirs.hi = s.ours.hi, s.theirs.hi
				continue
			}
		}
		gathered = append(gathered, s)
	}
	return gathered
}

// telling says whether a line holds an ASCII letter or digit.
func telling(line []byte) bool {
	return slices.ContainsFunc(line, func(b byte) bool {
		return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
	})
}

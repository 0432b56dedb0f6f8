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

// sections are in order, and no two of them touch.
type sections []section

// image returns the lines that stand in the changed text for a span of the base, which may reach beyond the change on
// either side as long as it meets no other.
func (c change) image(base span) span {
	return span{c.to.lo + base.lo - c.from.lo, c.to.hi + base.hi - c.from.hi}
}

// beside returns where a span of the base that lies before the change stands in the changed text.
func (c change) beside(base span) span {
	return base.shift(c.to.lo - c.from.lo)
}

// join lays what both sides did to the base side by side, both in order and not empty. Changes that overlap or touch
// make a conflict; one that both sides made makes no section.
func join(t *texts, ours, theirs []change) sections {
	var all sections
	// What lies behind the last change of a side is moved by all of them.
	ourEnd := change{span{len(t.base.class), len(t.base.class)}, span{len(t.ours.class), len(t.ours.class)}}
	theirEnd := change{ourEnd.from, span{len(t.theirs.class), len(t.theirs.class)}}
	for len(ours) > 0 || len(theirs) > 0 {
		o, x := ourEnd, theirEnd
		if len(ours) > 0 {
			o = ours[0]
		}
		if len(theirs) > 0 {
			x = theirs[0]
		}
		switch {
		case len(theirs) == 0 || len(ours) > 0 && o.from.hi < x.from.lo:
			all.add(section{takeOurs, o.to, x.beside(o.from)})
			ours = ours[1:]
			continue
		case len(ours) == 0 || x.from.hi < o.from.lo:
			all.add(section{takeTheirs, o.beside(x.from), x.to})
			theirs = theirs[1:]
			continue
		case !t.same(o, x):
			whole := span{min(o.from.lo, x.from.lo), max(o.from.hi, x.from.hi)}
			all.add(section{takeBoth, o.image(whole), x.image(whole)})
		}
		// The change that reaches further may touch the next one of the other side too.
		if o.from.hi <= x.from.hi {
			ours = ours[1:]
		}
		if x.from.hi <= o.from.hi {
			theirs = theirs[1:]
		}
	}
	return all
}

// same says whether ours and theirs replaced the same lines by the same lines.
func (t *texts) same(ours, theirs change) bool {
	return ours.from == theirs.from &&
		slices.Equal(t.ours.class[ours.to.lo:ours.to.hi], t.theirs.class[theirs.to.lo:theirs.to.hi])
}

// add puts a section at the end, or adds it to the last one where they touch: a conflict, unless both are of one side.
func (all *sections) add(s section) {
	if len(*all) > 0 {
		last := &(*all)[len(*all)-1]
		if s.ours.lo <= last.ours.hi || s.theirs.lo <= last.theirs.hi {
			if last.verdict != s.verdict {
				last.verdict = takeBoth
			}
			last.ours.hi, last.theirs.hi = s.ours.hi, s.theirs.hi
			return
		}
	}
	*all = append(*all, s)
}

// narrow leaves of each conflict the lines that differ. One conflict may become many, or a section of ours where both sides
// did the same by changes of different extent.
func (all sections) narrow(t *texts, c *comparer) sections {
	var narrowed sections
	for _, s := range all {
		if s.verdict != takeBoth || s.ours.empty() || s.theirs.empty() {
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

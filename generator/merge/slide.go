package merge

// A run of changed lines may often stand elsewhere: where the line before it equals its last one, it can slide up by a
// line and the difference says the same; in the same way it can slide down. Of all places, git takes the lowest one at
// which the other text has a change too, so that lines which were replaced stand beside the new ones, or else the lowest of
// all. Runs that meet on the way become one.

// cursor stands on a run of changed lines of a side, or on the empty place between two unchanged lines. Both sides have
// the same number of such places, since they have the same number of unchanged lines: two cursors can go in step.
type cursor struct {
	*side
	span
}

// first returns the cursor of the first place of the side.
func (s *side) first() cursor { return cursor{s, s.run(0)} }

// next goes to the next place; it says false, and stays, where there is none.
func (c *cursor) next() bool {
	if c.hi == len(c.class) {
		return false
	}
	c.span = c.run(c.hi + 1)
	return true
}

// previous goes to the place before. There must be one, as there is beside a run that went up.
func (c *cursor) previous() {
	c.span = span{c.lo - 1, c.lo - 1}
	c.growUp()
}

func (c *cursor) growUp() {
	for c.lo > 0 && c.changed[c.lo-1] {
		c.lo--
	}
}

// up slides the run up by a line, and takes in the run that it meets. It says false where it cannot.
func (c *cursor) up() bool {
	if c.lo == 0 || c.class[c.lo-1] != c.class[c.hi-1] {
		return false
	}
	c.lo--
	c.hi--
	c.changed[c.lo], c.changed[c.hi] = true, false
	c.growUp()
	return true
}

// down slides the run down by a line, and takes in the run that it meets. It says false where it cannot.
func (c *cursor) down() bool {
	if c.hi == len(c.class) || c.class[c.lo] != c.class[c.hi] {
		return false
	}
	c.changed[c.lo], c.changed[c.hi] = false, true
	c.span = span{c.lo + 1, c.run(c.hi).hi}
	return true
}

// settle moves each run of changed lines of a side to its best place; other is the other side, which stays as it is.
func settle(s, other *side) {
	run, beside := s.first(), other.first()
	for more := true; more; more = run.next() && beside.next() {
		if !run.empty() {
			settleRun(&run, &beside)
		}
	}
}

// settleRun moves one run; beside goes with it.
func settleRun(run, beside *cursor) {
	var top int      // end of the run at its highest place
	var company bool // there is a place with a change in the other text
	for size := -1; size != run.len(); {
		size = run.len()
		for run.up() {
			beside.previous()
		}
		top = run.hi
		company = !beside.empty()
		for run.down() {
			beside.next()
			company = company || !beside.empty()
		}
	}
	if run.hi == top || !company {
		return
	}
	for beside.empty() && run.up() {
		beside.previous()
	}
}

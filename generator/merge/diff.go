package merge

// change says that the lines of one span became those of another: one of them may be empty.
type change struct{ from, to span }

// side is one of two texts that are compared.
type side struct {
	class   []int
	changed []bool // of each line: has no counterpart in the other text
}

func newSide(class []int) *side { return &side{class, make([]bool, len(class))} }

// count is how often the lines of one class stand in each of two texts.
type count struct{ from, to int }

// comparer compares texts. It holds what one comparison can leave to the next.
type comparer struct {
	counts []count // by class; all zero between comparisons
}

// changes returns what has to be done to one text to get the other, in order. Between two changes stands at least one
// line that both texts have.
func (c *comparer) changes(from, to []int) []change {
	a, b := newSide(from), newSide(to)
	head, tail := commonEnds(from, to)
	if head+tail == len(from) && len(from) == len(to) {
		return nil
	}

	for _, n := range from {
		c.counts[n].from++
	}
	for _, n := range to {
		c.counts[n].to++
	}
	inA := span{head, len(from) - tail}
	inB := span{head, len(to) - tail}
	linesA := a.candidates(inA, func(class int) int { return c.counts[class].to })
	linesB := b.candidates(inB, func(class int) int { return c.counts[class].from })
	for _, n := range from {
		c.counts[n] = count{}
	}
	for _, n := range to {
		c.counts[n] = count{}
	}

	newSearch(a, b, linesA, linesB).run()
	settle(a, b)
	settle(b, a)
	return script(a, b)
}

// commonEnds counts the lines with which both texts begin, and of what is left those with which both end.
func commonEnds(a, b []int) (head, tail int) {
	most := min(len(a), len(b))
	for head < most && a[head] == b[head] {
		head++
	}
	most -= head
	for tail < most && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head, tail
}

// script reads the changes off two sides whose changed lines are marked.
func script(a, b *side) []change {
	var changes []change
	for i, j := 0, 0; i < len(a.class) || j < len(b.class); i, j = i+1, j+1 {
		x := change{a.run(i), b.run(j)}
		if !x.from.empty() || !x.to.empty() {
			changes = append(changes, x)
		}
		i, j = x.from.hi, x.to.hi
	}
	return changes
}

// run returns the changed lines that begin at line i, an empty span where that line is none.
func (s *side) run(i int) span {
	hi := i
	for hi < len(s.changed) && s.changed[hi] {
		hi++
	}
	return span{i, hi}
}

// worth is what a line's frequency in the other text tells about its use for the search.
type worth byte

const (
	useless worth = iota // the other text does not have it
	useful
	common // the other text has it so often that it proves little
)

const (
	window = 100 // how far around a common line is looked, in lines
	crowd  = 3   // useless lines for each common one, beyond which the common ones are taken for useless
)

// candidates returns the lines of the span that are worth searching a counterpart for, by their numbers; all others are
// marked as changed at once. A line that the other text does not have is never worth it. One that the other text has very
// often is not where it stands among lines that have no counterpart, as the closing braces and empty lines of a function
// that is new: their counterparts would be braces from elsewhere.
func (s *side) candidates(in span, frequency func(class int) int) []int {
	most := roughRoot(len(s.class))
	worths := make([]worth, in.len())
	for i := range worths {
		switch n := frequency(s.class[in.lo+i]); {
		case n == 0:
			worths[i] = useless
		case n >= most:
			worths[i] = common
		default:
			worths[i] = useful
		}
	}

	var lines []int
	for i, w := range worths {
		if w == useful || w == common && !misleading(worths, i) {
			lines = append(lines, in.lo+i)
		} else {
			s.changed[in.lo+i] = true
		}
	}
	return lines
}

// misleading says of a common line whether the lines around it, up to the next useful one or the window's end on either
// side, are for the most part useless, and some are so on both sides.
func misleading(worths []worth, i int) bool {
	lo, hi := max(0, i-window), min(len(worths)-1, i+window)
	var before, after, commons int
	for j := i - 1; j >= lo && worths[j] != useful; j-- {
		if worths[j] == useless {
			before++
		} else {
			commons++
		}
	}
	if before == 0 {
		return false
	}
	for j := i + 1; j <= hi && worths[j] != useful; j++ {
		if worths[j] == useless {
			after++
		} else {
			commons++
		}
	}
	if after == 0 {
		return false
	}
	// The line itself counts as common once for each direction.
	return before+after > crowd*(commons+2)
}

// roughRoot returns the smallest power of two above the square root of n.
func roughRoot(n int) int {
	root := 1
	for ; n > 0; n >>= 2 {
		root <<= 1
	}
	return root
}

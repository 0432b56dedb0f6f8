package merge

import "math"

// The search is that of E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986), in its
// linear-space form: from both corners of the box of all pairs of lines paths grow, one more line deleted or inserted with
// each round, until one from the start meets one from the end; what lies before and behind the meeting point is searched
// the same way. A diagonal is all pairs with the same difference a-b of their line numbers.

// patience is the number of rounds after which the path that came furthest is taken, whether it leads to the shortest
// difference or not: it bounds the time to about patience steps for each line. It is what git has for texts of fewer than
// 65,000 lines together; beyond, git waits longer and has a shortcut more, which nothing that people edit by hand needs.
const patience = 256

// box is a part of both texts: positions among the candidates of each.
type box struct{ a, b span }

// search finds which candidates of two sides have no counterpart, and marks them.
type search struct {
	a, b           *side
	linesA, linesB []int // numbers of the lines that take part
	classA, classB []int // and their classes

	forth, back reach // of the paths from the start of a box, and from its end
}

// reach is how far the paths from one corner have come: on each diagonal the position in a.
type reach struct {
	at       []int
	zero     int // where diagonal 0 stands in at
	min, max int // diagonals with a path
}

func (r *reach) get(d int) int    { return r.at[r.zero+d] }
func (r *reach) set(d, value int) { r.at[r.zero+d] = value }

func newSearch(a, b *side, linesA, linesB []int) *search {
	s := &search{a: a, b: b, linesA: linesA, linesB: linesB}
	s.classA, s.classB = pick(a.class, linesA), pick(b.class, linesB)
	diagonals := len(linesA) + len(linesB) + 3
	s.forth = reach{at: make([]int, diagonals), zero: len(linesB) + 1}
	s.back = reach{at: make([]int, diagonals), zero: len(linesB) + 1}
	return s
}

func pick(class, lines []int) []int {
	picked := make([]int, len(lines))
	for i, line := range lines {
		picked[i] = class[line]
	}
	return picked
}

func (s *search) run() {
	s.compare(box{span{0, len(s.linesA)}, span{0, len(s.linesB)}})
}

// compare marks the changed lines of a box.
func (s *search) compare(in box) {
	for !in.a.empty() && !in.b.empty() && s.classA[in.a.lo] == s.classB[in.b.lo] {
		in.a.lo++
		in.b.lo++
	}
	for !in.a.empty() && !in.b.empty() && s.classA[in.a.hi-1] == s.classB[in.b.hi-1] {
		in.a.hi--
		in.b.hi--
	}
	if in.a.empty() || in.b.empty() {
		mark(s.a, s.linesA[in.a.lo:in.a.hi])
		mark(s.b, s.linesB[in.b.lo:in.b.hi])
		return
	}
	a, b := s.divide(in)
	s.compare(box{span{in.a.lo, a}, span{in.b.lo, b}})
	s.compare(box{span{a, in.a.hi}, span{b, in.b.hi}})
}

func mark(s *side, lines []int) {
	for _, line := range lines {
		s.changed[line] = true
	}
}

// divide returns a point on a short path through the box, neither of whose sides is empty.
func (s *search) divide(in box) (a, b int) {
	start, end := in.a.lo-in.b.lo, in.a.hi-in.b.hi // diagonals of the corners
	s.forth.min, s.forth.max = start, start
	s.back.min, s.back.max = end, end
	s.forth.set(start, in.a.lo)
	s.back.set(end, in.a.hi)
	odd := (start-end)%2 != 0

	for range patience {
		if a, b, met := s.advance(in, odd); met {
			return a, b
		}
		if a, b, met := s.retreat(in, !odd); met {
			return a, b
		}
	}
	return s.furthest(in)
}

// widen gives the paths one more diagonal on either side. At the border of the box there is none: what is left are the
// diagonals between, since each round visits every second one. beyond is what a diagonal without a path holds.
func (r *reach) widen(in box, beyond int) {
	if lowest := in.a.lo - in.b.hi; r.min > lowest {
		r.min--
		r.set(r.min-1, beyond)
	} else {
		r.min++
	}
	if highest := in.a.hi - in.b.lo; r.max < highest {
		r.max++
		r.set(r.max+1, beyond)
	} else {
		r.max--
	}
}

// advance lets each path from the start delete or insert one more line and then run along equal lines. meet says whether
// the two kinds of paths can meet in this half of a round, which parity decides.
func (s *search) advance(in box, meet bool) (a, b int, met bool) {
	f := &s.forth
	f.widen(in, -1)
	for d := f.max; d >= f.min; d -= 2 {
		at := max(f.get(d-1)+1, f.get(d+1))
		for at < in.a.hi && at-d < in.b.hi && s.classA[at] == s.classB[at-d] {
			at++
		}
		f.set(d, at)
		if meet && s.back.min <= d && d <= s.back.max && s.back.get(d) <= at {
			return at, at - d, true
		}
	}
	return 0, 0, false
}

// retreat is advance from the other end.
func (s *search) retreat(in box, meet bool) (a, b int, met bool) {
	r := &s.back
	r.widen(in, math.MaxInt)
	for d := r.max; d >= r.min; d -= 2 {
		at := min(r.get(d-1), r.get(d+1)-1)
		for at > in.a.lo && at-d > in.b.lo && s.classA[at-1] == s.classB[at-d-1] {
			at--
		}
		r.set(d, at)
		if meet && s.forth.min <= d && d <= s.forth.max && at <= s.forth.get(d) {
			return at, at - d, true
		}
	}
	return 0, 0, false
}

// furthest returns the end of the path that came furthest from its corner, in lines of both texts. Paths may have left the
// box, and count as far as its border.
func (s *search) furthest(in box) (a, b int) {
	forthA, forthSum := -1, -1
	for d := s.forth.max; d >= s.forth.min; d -= 2 {
		at := min(s.forth.get(d), in.a.hi, in.b.hi+d)
		if sum := at + at - d; sum > forthSum {
			forthA, forthSum = at, sum
		}
	}
	backA, backSum := math.MaxInt, math.MaxInt
	for d := s.back.max; d >= s.back.min; d -= 2 {
		at := max(s.back.get(d), in.a.lo, in.b.lo+d)
		if sum := at + at - d; sum < backSum {
			backA, backSum = at, sum
		}
	}
	if in.a.hi+in.b.hi-backSum < forthSum-(in.a.lo+in.b.lo) {
		return forthA, forthSum - forthA
	}
	return backA, backSum - backA
}

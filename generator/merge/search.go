package merge

import "math"

// The search is that of E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986), in its
// linear-space form: from both corners of the box of all pairs of lines paths grow, one more line deleted or inserted with
// each round, until one from the start meets one from the end; what lies before and behind the meeting point is searched
// the same way. Points are pairs of lines, a diagonal is all points with the same difference a-b.

const (
	goodSnake   = 20  // equal lines in a row that are no accident
	patience    = 256 // rounds before a path is taken because it looks promising
	promise     = 4   // how far a promising path has come, in lines for each round
	longestWait = 256 // rounds before the best path is taken whatever it is, at least; more for large texts
)

// box is a part of both texts: positions among the candidates of each.
type box struct{ a, b span }

// search finds which candidates of two sides have no counterpart, and marks them.
type search struct {
	a, b           *side
	linesA, linesB []int // numbers of the lines that take part
	classA, classB []int // and their classes

	forth, back reach
	rounds      int // before the best path is taken
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
	s.rounds = max(roughRoot(diagonals), longestWait)
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
	s.compare(box{span{0, len(s.linesA)}, span{0, len(s.linesB)}}, false)
}

// meeting is where a box is divided. The halves that are marked exact are so near to being solved that no further
// shortcut is worth its price.
type meeting struct {
	a, b                  int
	exactBefore, exactEnd bool
}

// compare marks the changed lines of a box. exact forbids shortcuts.
func (s *search) compare(in box, exact bool) {
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
	m := s.divide(in, exact)
	s.compare(box{span{in.a.lo, m.a}, span{in.b.lo, m.b}}, m.exactBefore)
	s.compare(box{span{m.a, in.a.hi}, span{m.b, in.b.hi}}, m.exactEnd)
}

func mark(s *side, lines []int) {
	for _, line := range lines {
		s.changed[line] = true
	}
}

// divide finds a point on a short path through the box, neither of whose dimensions is empty.
func (s *search) divide(in box, exact bool) meeting {
	start, end := in.a.lo-in.b.lo, in.a.hi-in.b.hi // diagonals of the corners
	s.forth.min, s.forth.max = start, start
	s.back.min, s.back.max = end, end
	s.forth.set(start, in.a.lo)
	s.back.set(end, in.a.hi)
	odd := (start-end)%2 != 0

	for round := 1; ; round++ {
		m, met, luckyForth := s.advance(in, odd)
		if met {
			return m
		}
		m, met, luckyBack := s.retreat(in, !odd)
		if met {
			return m
		}
		if exact {
			continue
		}
		if (luckyForth || luckyBack) && round > patience {
			if m, found := s.promisingForth(in, start, round); found {
				return m
			}
			if m, found := s.promisingBack(in, end, round); found {
				return m
			}
		}
		if round >= s.rounds {
			return s.furthest(in)
		}
	}
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
// the two kinds of paths can meet in this half of a round, which parity decides; lucky, whether a path ran long.
func (s *search) advance(in box, meet bool) (m meeting, met, lucky bool) {
	f := &s.forth
	f.widen(in, -1)
	for d := f.max; d >= f.min; d -= 2 {
		a := max(f.get(d-1)+1, f.get(d+1))
		from := a
		for a < in.a.hi && a-d < in.b.hi && s.classA[a] == s.classB[a-d] {
			a++
		}
		lucky = lucky || a-from > goodSnake
		f.set(d, a)
		if meet && s.back.min <= d && d <= s.back.max && s.back.get(d) <= a {
			return meeting{a, a - d, true, true}, true, lucky
		}
	}
	return meeting{}, false, lucky
}

// retreat is advance from the other end.
func (s *search) retreat(in box, meet bool) (m meeting, met, lucky bool) {
	r := &s.back
	r.widen(in, math.MaxInt)
	for d := r.max; d >= r.min; d -= 2 {
		a := min(r.get(d-1), r.get(d+1)-1)
		from := a
		for a > in.a.lo && a-d > in.b.lo && s.classA[a-1] == s.classB[a-d-1] {
			a--
		}
		lucky = lucky || from-a > goodSnake
		r.set(d, a)
		if meet && s.forth.min <= d && d <= s.forth.max && a <= s.forth.get(d) {
			return meeting{a, a - d, true, true}, true, lucky
		}
	}
	return meeting{}, false, lucky
}

// promisingForth looks for the path from the start that came furthest, for the rounds that it took and for its distance
// from the diagonal it began on, among those that end in a good snake.
func (s *search) promisingForth(in box, start, round int) (m meeting, found bool) {
	best := 0
	for d := s.forth.max; d >= s.forth.min; d -= 2 {
		a := s.forth.get(d)
		b := a - d
		score := (a - in.a.lo) + (b - in.b.lo) - distance(d, start)
		if score <= promise*round || score <= best ||
			a < in.a.lo+goodSnake || a >= in.a.hi || b < in.b.lo+goodSnake || b >= in.b.hi {
			continue
		}
		if s.snake(a-goodSnake, b-goodSnake) {
			best = score
			m = meeting{a: a, b: b, exactBefore: true}
		}
	}
	return m, best > 0
}

// promisingBack is promisingForth for the paths from the end.
func (s *search) promisingBack(in box, end, round int) (m meeting, found bool) {
	best := 0
	for d := s.back.max; d >= s.back.min; d -= 2 {
		a := s.back.get(d)
		b := a - d
		score := (in.a.hi - a) + (in.b.hi - b) - distance(d, end)
		if score <= promise*round || score <= best ||
			a <= in.a.lo || a > in.a.hi-goodSnake || b <= in.b.lo || b > in.b.hi-goodSnake {
			continue
		}
		if s.snake(a, b) {
			best = score
			m = meeting{a: a, b: b, exactEnd: true}
		}
	}
	return m, best > 0
}

// snake says whether goodSnake lines from a point on are equal.
func (s *search) snake(a, b int) bool {
	for k := range goodSnake {
		if s.classA[a+k] != s.classB[b+k] {
			return false
		}
	}
	return true
}

func distance(d, from int) int {
	return max(d-from, from-d)
}

// furthest takes the path that came furthest from its corner, of all paths: the cut that bounds the time of the search.
func (s *search) furthest(in box) meeting {
	forthA, forthSum := -1, -1
	for d := s.forth.max; d >= s.forth.min; d -= 2 {
		a := min(s.forth.get(d), in.a.hi, in.b.hi+d)
		if sum := a + a - d; sum > forthSum {
			forthA, forthSum = a, sum
		}
	}
	backA, backSum := math.MaxInt, math.MaxInt
	for d := s.back.max; d >= s.back.min; d -= 2 {
		a := max(s.back.get(d), in.a.lo, in.b.lo+d)
		if sum := a + a - d; sum < backSum {
			backA, backSum = a, sum
		}
	}
	if in.a.hi+in.b.hi-backSum < forthSum-(in.a.lo+in.b.lo) {
		return meeting{a: forthA, b: forthSum - forthA, exactBefore: true}
	}
	return meeting{a: backA, b: backSum - backA, exactEnd: true}
}

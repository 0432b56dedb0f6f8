package main

import (
	"slices"
	"time"
)

// A sight is what a page saw at one time: a message, or that it was told of messages that it will not get.
type sight struct {
	At   float64 `json:"at"`   // milliseconds since 1970
	N    int     `json:"n"`    // the message's number, from 1; 0 for what it was told
	Told string  `json:"told"` // why it will not get them
}

// A record is what was published, by number from 1: when the server had confirmed a message. A message that it never confirmed
// has no time, and is not judged: the server was being killed.
type record []time.Time

// A tally is what became of the messages for one page, or for many.
type tally struct {
	Due        int             // messages that the server had confirmed
	Delivered  int             // of these, handed to the application once at least
	LostTold   int             // not delivered, and the page was told before the next message
	LostUntold int             // not delivered, and the page cannot know
	Twice      int             // handed to the application again
	Disorder   int             // handed to it after a later one
	Told       int             // how often a page was told
	Needless   int             // of these, where nothing was missing since the last message
	Outages    int             // how often the page was cut off
	CatchUp    []time.Duration // from the restored link to the first message confirmed after it
	Replay     []time.Duration // the part of CatchUp that came after the TCP connection was made
}

// add sums two tallies up.
func (t *tally) add(o tally) {
	t.Due += o.Due
	t.Delivered += o.Delivered
	t.LostTold += o.LostTold
	t.LostUntold += o.LostUntold
	t.Twice += o.Twice
	t.Disorder += o.Disorder
	t.Told += o.Told
	t.Needless += o.Needless
	t.Outages += o.Outages
	t.CatchUp = append(t.CatchUp, o.CatchUp...)
	t.Replay = append(t.Replay, o.Replay...)
}

// judge tells what became of the messages for one page, whose link was restored and whose connections were made at these times.
func judge(published record, seen []sight, restored, connected []time.Time) tally {
	t := tally{Outages: len(restored)}
	arrived := make([]bool, len(published)+1)
	told := make([]bool, len(published)+1) // by number: the page was told before something later came
	newest, warned := 0, false
	pass := func(next int) { // judges what lies between the newest message and the next
		missing := slices.ContainsFunc(published[newest:next-1], func(at time.Time) bool { return !at.IsZero() })
		if warned && !missing {
			t.Needless++
		}
		for n := newest + 1; n < next; n++ {
			told[n] = warned
		}
		newest, warned = next, false
	}
	for _, s := range seen {
		switch {
		case s.N == 0:
			t.Told++
			warned = true
			continue
		case s.N > len(published):
			continue // sent, and never confirmed
		case arrived[s.N]:
			t.Twice++
			continue
		case s.N < newest:
			t.Disorder++
		default:
			pass(s.N)
		}
		arrived[s.N] = true
	}
	pass(len(published) + 1)

	for i, at := range published {
		switch n := i + 1; {
		case at.IsZero():
		case arrived[n]:
			t.Due++
			t.Delivered++
		case told[n]:
			t.Due++
			t.LostTold++
		default:
			t.Due++
			t.LostUntold++
		}
	}
	for _, at := range restored {
		if live, ok := caughtUp(published, seen, at); ok {
			t.CatchUp = append(t.CatchUp, max(0, live.Sub(at)))
			t.Replay = append(t.Replay, max(0, live.Sub(latest(connected, live, at))))
		}
	}
	return t
}

// caughtUp returns when the page had the first message that was confirmed after the link was restored, or one behind it: as
// all of them keep the order, it then had everything that it was still to get.
func caughtUp(published record, seen []sight, restored time.Time) (time.Time, bool) {
	next := slices.IndexFunc(published, func(confirmed time.Time) bool { return confirmed.After(restored) }) + 1
	if next == 0 {
		return time.Time{}, false
	}
	for _, s := range seen {
		if s.N >= next {
			return s.time(), true
		}
	}
	return time.Time{}, false
}

// latest returns the latest of these times before a limit, but none before the least.
func latest(times []time.Time, limit, least time.Time) time.Time {
	for _, at := range times {
		if at.After(least) && at.Before(limit) {
			least = at
		}
	}
	return least
}

// time returns when it was.
func (s sight) time() time.Time {
	return time.UnixMicro(int64(s.At * 1000))
}

// quantile returns the value below which a share of the times lies; 0 where there are none.
func quantile(times []time.Duration, share float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

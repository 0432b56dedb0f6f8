package main

import (
	"reflect"
	"testing"
	"time"
)

// epoch is when the messages of these tests begin: message n is confirmed n seconds later.
var epoch = time.UnixMilli(1_700_000_000_000)

func confirmed(n int) record {
	var r record
	for i := range n {
		r = append(r, epoch.Add(time.Duration(i+1)*time.Second))
	}
	return r
}

// saw returns sights half a second apart: a number above 0 is a message, 0 is being told.
func saw(numbers ...int) []sight {
	var all []sight
	for i, n := range numbers {
		s := sight{At: float64(epoch.UnixMilli()) + float64(i)*500, N: n}
		if n == 0 {
			s.Told = "trimmed"
		}
		all = append(all, s)
	}
	return all
}

func TestJudge(t *testing.T) {
	for name, test := range map[string]struct {
		seen []sight
		want tally
	}{
		"all":                      {saw(1, 2, 3, 4, 5), tally{Due: 5, Delivered: 5}},
		"nothing":                  {nil, tally{Due: 5, LostUntold: 5}},
		"a silent gap":             {saw(1, 2, 5), tally{Due: 5, Delivered: 3, LostUntold: 2}},
		"a gap that is told":       {saw(1, 2, 0, 5), tally{Due: 5, Delivered: 3, LostTold: 2, Told: 1}},
		"told too late":            {saw(1, 2, 5, 0), tally{Due: 5, Delivered: 3, LostUntold: 2, Told: 1, Needless: 1}},
		"told of one gap of two":   {saw(1, 0, 3, 5), tally{Due: 5, Delivered: 3, LostTold: 1, LostUntold: 1, Told: 1}},
		"told, and nothing after":  {saw(1, 2, 3, 0), tally{Due: 5, Delivered: 3, LostTold: 2, Told: 1}},
		"the end is missing":       {saw(1, 2, 3), tally{Due: 5, Delivered: 3, LostUntold: 2}},
		"the beginning is missing": {saw(3, 4, 5), tally{Due: 5, Delivered: 3, LostUntold: 2}},
		"twice":                    {saw(1, 2, 3, 2, 3, 4, 5), tally{Due: 5, Delivered: 5, Twice: 2}},
		"out of order":             {saw(1, 3, 2, 4, 5), tally{Due: 5, Delivered: 5, Disorder: 1}},
		"told of nothing":          {saw(1, 2, 0, 3, 4, 5), tally{Due: 5, Delivered: 5, Told: 1, Needless: 1}},
		"told of nothing at last":  {saw(1, 2, 3, 4, 5, 0), tally{Due: 5, Delivered: 5, Told: 1, Needless: 1}},
		"a number never published": {saw(1, 2, 3, 4, 5, 6), tally{Due: 5, Delivered: 5}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := judge(confirmed(5), test.seen, nil, nil); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestJudgeLeavesOutWhatWasNotConfirmed(t *testing.T) {
	published := confirmed(4)
	published[1], published[2] = time.Time{}, time.Time{}
	for _, test := range []struct {
		seen []sight
		want tally
	}{
		{saw(1, 3, 4), tally{Due: 2, Delivered: 2}},
		{saw(1, 4), tally{Due: 2, Delivered: 2}},
		{saw(1, 0, 4), tally{Due: 2, Delivered: 2, Told: 1, Needless: 1}},
	} {
		if got := judge(published, test.seen, nil, nil); !reflect.DeepEqual(got, test.want) {
			t.Errorf("got  %+v\nwant %+v", got, test.want)
		}
	}
}

func TestCatchUp(t *testing.T) {
	// The link is back after 3.2 s, so that message 4 is the first to be confirmed after it.
	back := epoch.Add(3200 * time.Millisecond)
	at := func(s float64, n int) sight { return sight{At: float64(epoch.UnixMilli()) + s*1000, N: n} }
	for name, test := range map[string]struct {
		seen []sight
		want []time.Duration
	}{
		"the first":        {[]sight{at(0, 1), at(4, 2), at(4.5, 3), at(5, 4)}, []time.Duration{1800 * time.Millisecond}},
		"one behind it":    {[]sight{at(0, 1), at(4, 2), at(5.2, 5)}, []time.Duration{2 * time.Second}},
		"before confirmed": {[]sight{at(3.1, 4), at(5, 5)}, []time.Duration{0}},
		"never":            {[]sight{at(0, 1), at(4, 2), at(4.5, 3)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := judge(confirmed(5), test.seen, []time.Time{back}, nil)
			if !reflect.DeepEqual(got.CatchUp, test.want) || !reflect.DeepEqual(got.Replay, test.want) || got.Outages != 1 {
				t.Errorf("got %v and %v of %d, want %v", got.CatchUp, got.Replay, got.Outages, test.want)
			}
		})
	}
	if got := judge(confirmed(3), saw(1, 2, 3), []time.Time{back}, nil); got.CatchUp != nil {
		t.Errorf("nothing was published after the link was back, and yet %v", got.CatchUp)
	}
}

func TestReplayBeginsWithTheConnection(t *testing.T) {
	after := func(s float64) time.Time { return epoch.Add(time.Duration(s * float64(time.Second))) }
	seen := []sight{{At: float64(after(5).UnixMilli()), N: 4}}
	// One before the link broke, two after it was restored, one after the page had caught up.
	connected := []time.Time{after(0), after(3.5), after(4.6), after(6)}
	got := judge(confirmed(5), seen, []time.Time{after(3.2)}, connected)
	if want := []time.Duration{400 * time.Millisecond}; !reflect.DeepEqual(got.Replay, want) {
		t.Errorf("got %v, want %v", got.Replay, want)
	}
}

func TestQuantile(t *testing.T) {
	times := []time.Duration{5, 1, 4, 2, 3}
	for share, want := range map[float64]time.Duration{0: 1, 0.5: 3, 0.99: 5, 1: 5} {
		if got := quantile(times, share); got != want {
			t.Errorf("quantile(%v) = %v, want %v", share, got, want)
		}
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

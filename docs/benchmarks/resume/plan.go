package main

import (
	"math/rand/v2"
	"time"
)

// What all three servers and clients are set to, as far as they can be set.
const (
	rate         = 100 // messages a second
	history      = 600 // messages kept; testdata/emitted/wsgen.yaml says the same
	historyTime  = history / rate * time.Second
	pingInterval = 2 * time.Second
	pongTimeout  = time.Second
	backoff      = 200 * time.Millisecond // before every attempt to come back
)

// A group is pages that suffer the same kind of outage.
type group struct {
	name   string // as the report has it
	pages  int
	harms  []harm
	outage time.Duration // from the harm until the link is restored, up to a fifth more or less
	pause  time.Duration // the mean time from there to the next one; 0: there is one outage only
}

// A cut is one outage of one page, counted from the start of the trial.
type cut struct {
	at, restore time.Duration
	how         harm
	bytes       int // for the page, before it ends
}

// A trial is what every service goes through with the same cuts.
type trial struct {
	length  time.Duration // for which messages are published
	groups  []group
	kill    time.Duration // when the server is killed; 0: never
	restart time.Duration // when it is started again
}

// cutTrial is the comparison under cuts.
func cutTrial() trial {
	return trial{length: 16 * time.Second, groups: []group{
		{name: "no outage", pages: 2},
		{name: "0.2 s, connection reset or ended", pages: 6, harms: []harm{reset, finish}, outage: 200 * time.Millisecond, pause: 1500 * time.Millisecond},
		{name: "0.2 s, the server does not notice", pages: 6, harms: []harm{vanish}, outage: 200 * time.Millisecond, pause: 3 * time.Second},
		{name: "3 s, connection reset or ended", pages: 6, harms: []harm{reset, finish}, outage: 3 * time.Second, pause: 1500 * time.Millisecond},
		{name: "4 s of silence", pages: 6, harms: []harm{silence}, outage: 4 * time.Second, pause: 1500 * time.Millisecond},
		{name: "9 s, longer than the history", pages: 6, harms: []harm{reset, finish}, outage: 9 * time.Second},
	}}
}

// killTrial is the one in which the server is killed and started again.
func killTrial() trial {
	return trial{length: 7 * time.Second, kill: 3 * time.Second, restart: 3300 * time.Millisecond, groups: []group{
		{name: "server killed, page connected", pages: 6},
		{name: "server killed, page away from 1 s before to 1.5 s after", pages: 6, harms: []harm{reset}, outage: 2500 * time.Millisecond},
	}}
}

// smoke makes a trial short: it shows that all parts work, and its figures mean nothing.
func (t trial) smoke() trial {
	kept := t.groups[:0:0]
	for _, g := range t.groups {
		if g.outage > 3*time.Second {
			continue // would not fit
		}
		g.pages = 2
		kept = append(kept, g)
	}
	t.groups = kept
	t.length = 10 * time.Second
	return t
}

// calm is how long the links stand at the beginning and at the end of a trial.
const calm = 2 * time.Second

// cuts draws the outages of one page of the group. The same source gives the same cuts.
func (t trial) cuts(g group, random *rand.Rand) []cut {
	if len(g.harms) == 0 {
		return nil
	}
	var all []cut
	pause := g.pause
	at := calm
	switch {
	case t.kill > 0:
		at = t.kill - time.Second
	case pause == 0: // one outage, wherever it fits
		at += draw(random, t.length-2*calm-g.outage*6/5)
	default:
		at += draw(random, pause)
	}
	for {
		// The outages differ, or else the attempts to come back would all be in step with them.
		restore := at + g.outage*4/5 + draw(random, g.outage*2/5)
		if restore > t.length-calm {
			return all
		}
		all = append(all, cut{at: at, restore: restore, how: g.harms[random.IntN(len(g.harms))], bytes: 1 + random.IntN(120)})
		if pause == 0 {
			return all
		}
		at = restore + pause/2 + draw(random, pause)
	}
}

// draw returns a time from 0 up to, but not including, most.
func draw(random *rand.Rand, most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(random.Int64N(int64(most)))
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// A trial is one load that a fresh service is put under.
type trial struct {
	name   string // for -trials, and what its figures begin with
	stream bool   // whether the groups keep a history
	shape  shape
	rate   int  // messages a second; 0: as many as arrive
	brief  bool // whether it is part of the short look
}

// trials are all of them.
func trials() []trial {
	pairs := shape{rooms: 64, members: 1, depth: 1}
	return []trial{
		{"rooms", false, pairs, 0, true},
		{"crowd", false, shape{rooms: 1, members: 100, depth: 8}, 0, false},
		{"rooms at 100", false, pairs, 100, false},
		{"rooms at 2000", false, pairs, 2000, false},
		{"streams", true, pairs, 0, true},
		{"streams at 100", true, pairs, 100, false},
		{"streams at 2000", true, pairs, 2000, false},
	}
}

// suits tells whether a contestant goes through this trial.
func (t trial) suits(c contestant) bool { return t.dialect(c) != nil }

// dialect returns how a contestant is spoken to here, or nil.
func (t trial) dialect(c contestant) func() dialect {
	if t.stream {
		return c.streams
	}
	return c.groups
}

// The figures of a trial are named after it, and this.
const (
	figureSends    = ", sends a second"
	figureMedian   = ", median"
	figureMost     = ", 99 %"
	figureNear     = ", 99 % near"
	figureServices = ", services"
	figureStore    = ", store"
)

// A turn is one trial of one contestant in one round.
type turn struct {
	round int
	trial trial
	c     contestant
}

// plan returns all turns, in their order. The contestants alternate within a round, and nobody is always first.
func plan(o options, all []contestant) []turn {
	var turns []turn
	for round := range o.rounds {
		for _, t := range trials() {
			if o.short && !t.brief || o.trials != "" && !slices.Contains(parts(o.trials, ","), t.name) {
				continue
			}
			for i := range all {
				if c := all[(i+round)%len(all)]; t.suits(c) {
					turns = append(turns, turn{round, t, c})
				}
			}
		}
	}
	return turns
}

// A run is one trial of one contestant.
type run struct {
	turn
	fleet           *fleet
	warmUp, measure time.Duration
	add             func(figure string, value float64)
}

// inTurn puts all contestants through all trials, round after round.
func (w *workshop) inTurn(ctx context.Context, f *figures, o options, all []contestant, out io.Writer) error {
	turns := plan(o, all)
	begin := time.Now()
	for i, t := range turns {
		if err := ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintf(out, "%v, %d of %d: %s, %s\n", time.Since(begin).Round(time.Second), i+1, len(turns), t.trial.name, t.c.name)
		err := w.perform(ctx, t, f, o)
		if errors.Is(err, errBehind) {
			fmt.Fprintf(out, "  %v\n", err)
			err = nil
		}
		if err != nil {
			return fmt.Errorf("%s, %s: %w", t.trial.name, t.c.name, err)
		}
	}
	return nil
}

// perform takes one turn, with processes that nobody has used yet.
func (w *workshop) perform(ctx context.Context, t turn, f *figures, o options) (err error) {
	if latest, known := f.latest(t.trial.unbounded()+figureSends, t.c.name); known && latest < float64(t.trial.rate) {
		return errBehind
	}
	folder, err := os.MkdirTemp(w.dir, "store-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	r := &run{
		turn: t, warmUp: 500 * time.Millisecond, measure: 2 * time.Second,
		add: func(figure string, value float64) { f.add(t.trial.name+figure, t.c.name, value) },
	}
	if t.trial.rate > 0 {
		r.measure = 3 * time.Second
	}
	if o.short {
		r.measure = time.Second
	}
	if r.fleet, err = w.start(ctx, t.c, t.trial.stream, folder); err != nil {
		return err
	}
	defer r.fleet.kill()
	err = r.perform()
	if err != nil && !errors.Is(err, errBehind) {
		r.fleet.kill()
		err = fmt.Errorf("%w\n%s", err, r.fleet.said())
	}
	return err
}

// unbounded returns the trial of the same kind in which as much is sent as arrives.
func (t trial) unbounded() string {
	kind, _, _ := strings.Cut(t.name, " at ")
	return kind
}

// perform fills the hall, loads the service, and adds the figures.
func (r *run) perform() error {
	h, err := enter(r.fleet.addrs(), r.trial.shape, r.trial.dialect(r.c)())
	if err != nil {
		return err
	}
	defer h.drop()
	load := r.steady
	if r.trial.rate == 0 {
		load = r.full
	}
	if err := load(h); err != nil {
		return err
	}
	h.recording.Store(false)
	h.drop()
	near, far := h.delays()
	if len(near) == 0 || len(far) == 0 {
		return fmt.Errorf("%d messages arrived at the first process, %d at the second", len(near), len(far))
	}
	r.add(figureMedian, millis(far[len(far)/2]))
	r.add(figureMost, millis(far[len(far)*99/100]))
	r.add(figureNear, millis(near[len(near)*99/100]))
	return nil
}

// millis returns a time in milliseconds.
func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// steady sends at a fixed rate.
func (r *run) steady(h *hall) error {
	if err := h.speak(r.trial.rate, r.warmUp); err != nil {
		return err
	}
	h.recording.Store(true)
	return h.speak(r.trial.rate, r.measure)
}

// full sends as much as arrives, and adds how much that was and what it cost.
func (r *run) full(h *hall) error {
	for _, m := range h.rooms {
		h.spawn(m.chat)
	}
	if err := h.pass(r.warmUp); err != nil {
		return err
	}
	h.recording.Store(true)
	before, err := r.look(h)
	if err == nil {
		err = h.pass(r.measure)
	}
	if err != nil {
		return err
	}
	after, err := r.look(h)
	if err != nil {
		return err
	}
	sends := float64(after.whole - before.whole)
	if sends == 0 {
		return errors.New("nothing arrived")
	}
	deliveries := sends * float64(2*r.trial.shape.members)
	r.add(figureSends, sends/(after.at-before.at).Seconds())
	r.add(figureServices, micros(after.services-before.services)/deliveries)
	r.add(figureStore, micros(after.store-before.store)/deliveries)
	return nil
}

// micros returns a time in microseconds.
func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// A sight is what is seen of a service at one moment.
type sight struct {
	at              time.Duration
	whole           int64 // messages that all had got
	services, store time.Duration
}

// look takes one.
func (r *run) look(h *hall) (sight, error) {
	services, store, err := r.fleet.cpu()
	return sight{at: time.Since(h.begin), whole: h.whole.Load(), services: services, store: store}, err
}

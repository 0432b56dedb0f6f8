package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A trial is one load that a fresh server is put under.
type trial struct {
	name    string // for -trials: weigh has no server
	title   string
	about   time.Duration // how long it takes, which is for the guess of the time left
	forms   bool          // whether the other forms of the emitted service go through it too
	brief   bool          // whether it is part of the short look
	perform func(context.Context, *run, *workshop) error
}

// trials are all of them.
func trials() []trial {
	all := []trial{
		{"echo", "echo, depth 1", 1400 * time.Millisecond, true, true, func(_ context.Context, r *run, _ *workshop) error { return r.echo(1) }},
		{"echo", "echo, depth 16", 1400 * time.Millisecond, true, true, func(_ context.Context, r *run, _ *workshop) error { return r.echo(16) }},
	}
	for _, f := range flows() {
		all = append(all, trial{"broadcast", f.name, 1700 * time.Millisecond, true, true, func(_ context.Context, r *run, _ *workshop) error { return r.broadcast(f) }})
	}
	return append(all,
		trial{"idle", "idle sockets", 13 * time.Second, false, true, func(ctx context.Context, r *run, w *workshop) error { return r.idle(ctx, w) }},
		trial{"stuck", "readers that never read", 12 * time.Second, false, false, func(_ context.Context, r *run, _ *workshop) error { return r.stuck() }},
		trial{"weigh", "size, build and tests", 22 * time.Second, false, false, func(ctx context.Context, r *run, w *workshop) error { return r.weigh(ctx, w) }},
	)
}

// pings returns how the servers ping.
func (t trial) pings() pinging {
	if t.name == "stuck" {
		return usual()
	}
	return often()
}

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
			if o.trials != "" && !slices.Contains(strings.Split(o.trials, ","), t.name) {
				continue
			}
			if o.short && (!t.brief || t.name == "idle" && round > 0) {
				continue
			}
			for i := range all {
				c := all[(i+round)%len(all)]
				if t.suits(c) {
					turns = append(turns, turn{round, t, c})
				}
			}
		}
	}
	return turns
}

// suits tells whether a contestant goes through this trial.
func (t trial) suits(c contestant) bool {
	switch t.name {
	case "echo":
		return c.echo != ""
	case "broadcast":
		return c.group != ""
	case "weigh":
		return c.name == hub || c.name == emitted
	}
	return t.forms || !isForm(c)
}

// isForm tells whether this is another form of a service that is among the peers.
func isForm(c contestant) bool {
	return slices.ContainsFunc(forms(), func(f contestant) bool { return f.name == c.name })
}

// A size is how many sockets there are.
type size struct {
	members int // of the group that is sent to
	idle    int // and then as many again
}

// full is the size of all figures.
func full() size { return size{members: 1000, idle: 5000} }

// spare is how many files a process has open besides its sockets, and some.
const spare = 64

// fit returns the size that so many open files allow. Only a short look can do with less than the full one.
func fit(files uint64, short bool) (size, error) {
	s := full()
	wanted := uint64(2*s.idle + spare)
	if short {
		const least = 100
		wanted = least + spare
		most := int(min(files, 1<<20)) - spare
		s.members, s.idle = min(s.members, most), min(s.idle, most)
	}
	if files < wanted {
		return s, fmt.Errorf("%d files may be open, and %d are needed: see ulimit -n", files, wanted)
	}
	return s, nil
}

// openFiles returns how many files a process may have open. Go has raised that as far as it can by itself.
func openFiles() (uint64, error) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return limit.Cur, err
}

// A run is one trial of one contestant.
type run struct {
	c               contestant
	server          *server
	size            size
	add             func(figure string, value float64)
	say             func(format string, args ...any) // for whoever watches
	warmUp, measure time.Duration
	short           bool
	profiles        string
}

// profilePath returns where a profile goes.
func (r *run) profilePath(figure string) string {
	name := strings.NewReplacer(" ", "-", ",", "").Replace(r.c.name + " " + figure)
	return filepath.Join(r.profiles, name+".pprof")
}

// inTurn puts all contestants through all trials, round after round.
func (w *workshop) inTurn(ctx context.Context, f *figures, o options, all []contestant, out io.Writer) error {
	files, err := openFiles()
	if err != nil {
		return err
	}
	s, err := fit(files, o.short)
	if err != nil {
		return err
	}
	if s != full() {
		fmt.Fprintf(out, "Only %d files may be open: %d idle sockets where the figures have %d, and a group of %d where they have %d.\n",
			files, s.idle, full().idle, s.members, full().members)
	}
	turns := plan(o, all)
	var due, done time.Duration
	for _, t := range turns {
		due += t.trial.about
	}
	begin := time.Now()
	for _, t := range turns {
		if err := ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintf(out, "%v left, round %d of %d: %s, %s\n", left(time.Since(begin), done, due), t.round+1, o.rounds, t.trial.title, t.c.name)
		if err := w.perform(ctx, t, s, f, o, out); err != nil {
			return fmt.Errorf("%s, %s: %w", t.trial.title, t.c.name, err)
		}
		done += t.trial.about
	}
	return nil
}

// left guesses how much longer it takes: of what was due, done has taken so long.
func left(took, done, due time.Duration) time.Duration {
	more := due - done
	if done > 0 {
		more = time.Duration(float64(more) * float64(took) / float64(done))
	}
	return more.Round(time.Second)
}

// perform takes one turn, with a fresh server.
func (w *workshop) perform(ctx context.Context, t turn, s size, f *figures, o options, out io.Writer) error {
	r := &run{
		c: t.c, size: s, warmUp: 300 * time.Millisecond, measure: time.Second, short: o.short,
		add: func(figure string, value float64) { f.add(figure, t.c.name, value) },
		say: func(format string, args ...any) { fmt.Fprintf(out, "  "+format+"\n", args...) },
	}
	if o.short {
		r.measure = 800 * time.Millisecond
	}
	if t.c.server != "node" {
		r.profiles = o.profiles
	}
	if t.trial.name == "weigh" {
		return t.trial.perform(ctx, r, w)
	}
	var err error
	if r.server, err = w.start(ctx, t.c, t.trial.pings(), ""); err != nil {
		return err
	}
	defer func() { r.server.kill() }()
	if err := t.trial.perform(ctx, r, w); err != nil {
		return fmt.Errorf("%w\nthe server wrote:\n%s", err, r.server.log)
	}
	return nil
}

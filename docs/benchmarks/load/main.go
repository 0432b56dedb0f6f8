// Command load measures what a service that wsgen emits costs under load, beside servers on other libraries: processor time, memory,
// allocations. It is the client of all of them. Run it in its folder, on Linux: `go run . -write`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := perform(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	rounds   int
	peers    string
	trials   string
	profiles string
	short    bool
	write    bool
}

// parse reads the command line.
func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 5, "how often everything is measured; the figures are medians")
	flags.StringVar(&o.peers, "peers", "", "these alone, separated by commas, for example \"gorilla hub,emitted\"")
	flags.StringVar(&o.trials, "trials", "", "these alone, separated by commas: echo, broadcast, idle, stuck")
	flags.StringVar(&o.profiles, "profiles", "", "a `folder` for profiles: of the processor under echo and broadcast, of the memory when idle")
	flags.BoolVar(&o.short, "short", false, "a quick look at the emitted service: ratios beside those of figures.json")
	flags.BoolVar(&o.write, "write", false, "write the figures into ../load.md and figures.json")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q: see -help", flags.Arg(0))
	case o.rounds < 1:
		return o, fmt.Errorf("-rounds %d: want 1 or more", o.rounds)
	case o.write && (o.short || o.peers != "" || o.profiles != ""):
		return o, errors.New("-write wants figures of all: leave -short, -peers and -profiles out")
	}
	return o, nil
}

// A trial is one load that a fresh server is put under.
type trial struct {
	name    string // for -trials
	title   string
	forms   bool // whether the other forms of the emitted service go through it too
	brief   bool // whether it is part of the short look
	perform func(context.Context, *run, *workshop) error
}

// trials are all of them.
func trials() []trial {
	all := []trial{
		{"echo", "echo, depth 1", true, true, func(_ context.Context, r *run, _ *workshop) error { return r.echo(1) }},
		{"echo", "echo, depth 16", true, true, func(_ context.Context, r *run, _ *workshop) error { return r.echo(16) }},
	}
	for _, f := range flows() {
		all = append(all, trial{"broadcast", f.name, true, true, func(_ context.Context, r *run, _ *workshop) error { return r.broadcast(f) }})
	}
	return append(all,
		trial{"idle", "idle sockets", false, true, func(ctx context.Context, r *run, w *workshop) error { return r.idle(ctx, w) }},
		trial{"stuck", "readers that never read", false, false, func(_ context.Context, r *run, _ *workshop) error { return r.stuck() }},
	)
}

// A run is one trial of one contestant.
type run struct {
	c               contestant
	server          *server
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

// perform does what the command line says.
func perform(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	all := append(peers(), forms()...)
	if o.short {
		all, o.rounds = all[:2], min(o.rounds, 2)
	}
	if o.peers != "" {
		named := strings.Split(o.peers, ",")
		all = slices.DeleteFunc(all, func(c contestant) bool { return !slices.Contains(named, c.name) })
	}
	dir, err := os.MkdirTemp("", "load-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w, err := build(ctx, dir, all)
	if err != nil {
		return err
	}
	f := &figures{Rounds: o.rounds, values: map[string]map[string][]float64{}}
	if err := w.inTurn(ctx, f, o, all, out); err != nil {
		return err
	}
	f.settle()
	if o.short {
		last, err := readFigures(figuresFile)
		if err != nil {
			return err
		}
		fmt.Fprint(out, f.beside(last))
		return nil
	}
	if o.trials == "" && o.peers == "" {
		if err := w.weigh(ctx, f); err != nil {
			return err
		}
	}
	if o.write {
		return f.write(ctx, o.trials != "")
	}
	fmt.Fprint(out, f.tables())
	return nil
}

// inTurn puts all contestants through all trials, round after round.
func (w *workshop) inTurn(ctx context.Context, f *figures, o options, all []contestant, out io.Writer) error {
	for round := range o.rounds {
		for _, t := range trials() {
			if o.trials != "" && !slices.Contains(strings.Split(o.trials, ","), t.name) || o.short && (!t.brief || t.name == "idle" && round > 0) {
				continue
			}
			for i := range all {
				c := all[(i+round)%len(all)] // nobody is always first
				if !t.forms && isForm(c) || t.name == "echo" && c.echo == "" {
					continue
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				fmt.Fprintf(out, "round %d of %d: %s, %s\n", round+1, o.rounds, t.title, c.name)
				if err := w.perform(ctx, t, c, f, o, out); err != nil {
					return fmt.Errorf("%s, %s: %w", t.title, c.name, err)
				}
			}
		}
	}
	return nil
}

// isForm tells whether this is another form of a service that is among the peers.
func isForm(c contestant) bool {
	return slices.ContainsFunc(forms(), func(f contestant) bool { return f.name == c.name })
}

// perform puts one contestant through one trial, with a fresh server.
func (w *workshop) perform(ctx context.Context, t trial, c contestant, f *figures, o options, out io.Writer) error {
	r := &run{
		c: c, warmUp: 300 * time.Millisecond, measure: 1500 * time.Millisecond, short: o.short,
		add: func(figure string, value float64) { f.add(figure, c.name, value) },
		say: func(format string, args ...any) { fmt.Fprintf(out, "  "+format+"\n", args...) },
	}
	if o.short {
		r.measure = 800 * time.Millisecond
	}
	if c.server != "node" {
		r.profiles = o.profiles
	}
	var err error
	if r.server, err = w.start(ctx, c, ""); err != nil {
		return err
	}
	defer func() { r.server.kill() }()
	if err := t.perform(ctx, r, w); err != nil {
		return fmt.Errorf("%w\nthe server wrote:\n%s", err, r.server.log)
	}
	return nil
}

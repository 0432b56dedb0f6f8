// Command resume compares what becomes of messages when connections break: for socket.io with connection state recovery, for
// centrifuge with history and recovery, and for a service that wsgen emits. Run it in its folder: `go run . -write`.
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
	"sync"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	rounds int
	seed   uint64
	only   string
	smoke  bool
	write  bool
}

// parse reads the command line.
func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("resume", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 5, "how often each service goes through each trial")
	flags.Uint64Var(&o.seed, "seed", 1, "of the cuts; each round adds one")
	flags.StringVar(&o.only, "only", "", "one service alone: socketio, centrifuge or wsgen")
	flags.BoolVar(&o.smoke, "smoke", false, "one short round, all services at once: shows that everything works, and measures nothing")
	flags.BoolVar(&o.write, "write", false, "write the figures into ../README.md")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q: see -help", flags.Arg(0))
	case o.rounds < 1:
		return o, fmt.Errorf("-rounds %d: want 1 or more", o.rounds)
	case o.write && (o.smoke || o.only != ""):
		return o, errors.New("-write wants figures of all services: leave -smoke and -only out")
	}
	return o, nil
}

// run does what the command line says. It is an error if the emitted service lost a message that its page was not told of,
// delivered one twice or out of order; of the others it is a figure.
func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "resume-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w, err := build(ctx, dir, o.only)
	if err != nil {
		return err
	}

	trials := []trial{cutTrial(), killTrial()}
	r := newReport(o.rounds, w.peers, trials...)
	if o.smoke {
		for i, t := range trials {
			trials[i] = t.smoke()
		}
		r = newReport(1, w.peers, trials...)
		err = w.atOnce(ctx, r, trials, o.seed)
	} else {
		err = w.inTurn(ctx, r, trials, o.seed, out)
	}
	if err != nil {
		return err
	}
	if o.smoke || o.only != "" {
		fmt.Fprint(out, r.tables())
	} else {
		figures, err := r.markdown(ctx, o.seed)
		if err != nil {
			return err
		}
		fmt.Fprint(out, figures)
		if o.write {
			if err := write(filepath.Join("..", "README.md"), figures); err != nil {
				return err
			}
		}
	}
	if faults := r.faults("wsgen"); faults != "" {
		return fmt.Errorf("the emitted service did what it never may:\n%s", faults)
	}
	return nil
}

// inTurn runs every trial of every peer, round after round, one at a time.
func (w *workshop) inTurn(ctx context.Context, r *report, trials []trial, seed uint64, out io.Writer) error {
	for round := range r.rounds {
		for _, t := range trials {
			for i := range w.peers {
				p := w.peers[(i+round)%len(w.peers)] // nobody is always first
				fmt.Fprintf(out, "round %d of %d: %s, %d groups of pages\n", round+1, r.rounds, p.name, len(t.groups))
				sums, err := w.run(ctx, p, t, seed+uint64(round))
				if err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
				r.add(p, sums)
			}
		}
	}
	return nil
}

// atOnce runs one round, in which the peers do not wait for each other.
func (w *workshop) atOnce(ctx context.Context, r *report, trials []trial, seed uint64) error {
	var mu sync.Mutex
	var errs []error
	var busy sync.WaitGroup
	for _, t := range trials {
		for _, p := range w.peers {
			busy.Go(func() {
				sums, err := w.run(ctx, p, t, seed)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", p.name, err))
					return
				}
				r.add(p, sums)
			})
		}
	}
	busy.Wait()
	return errors.Join(errs...)
}

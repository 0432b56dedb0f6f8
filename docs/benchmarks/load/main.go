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
	"slices"
	"strings"
	"syscall"
)

func main() {
	// However it is ended, no server is left behind. A pipe that nobody reads any more ends nothing: who had told it by a signal would
	// be told as well of each server that closes a connection while it is written to.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
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
	flags.StringVar(&o.trials, "trials", "", "these alone, separated by commas: echo, broadcast, idle, stuck, weigh")
	flags.StringVar(&o.profiles, "profiles", "", "a `folder` for profiles: of the processor under echo, broadcast and handshakes, of the memory when idle")
	flags.BoolVar(&o.short, "short", false, "a quick look at the emitted service: ratios beside those of figures.json")
	flags.BoolVar(&o.write, "write", false, "write the figures into ../load.md and figures.json")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q: see -help", flags.Arg(0))
	case len(unknown(o.trials, trialNames())) > 0:
		return o, fmt.Errorf("-trials: there is no %q: want some of %s", unknown(o.trials, trialNames()), strings.Join(trialNames(), ", "))
	case len(unknown(o.peers, peerNames())) > 0:
		return o, fmt.Errorf("-peers: there is no %q: want some of %s", unknown(o.peers, peerNames()), strings.Join(peerNames(), ", "))
	case o.rounds < 1:
		return o, fmt.Errorf("-rounds %d: want 1 or more", o.rounds)
	case o.write && (o.short || o.peers != "" || o.profiles != ""):
		return o, errors.New("-write wants figures of all: leave -short, -peers and -profiles out")
	}
	return o, nil
}

// unknown returns which parts of a list, separated by commas, are none of the names.
func unknown(list string, names []string) []string {
	if list == "" {
		return nil
	}
	return slices.DeleteFunc(strings.Split(list, ","), func(name string) bool { return slices.Contains(names, name) })
}

// trialNames are what -trials may name.
func trialNames() []string {
	var names []string
	for _, t := range trials() {
		names = append(names, t.name)
	}
	return slices.Compact(names)
}

// peerNames are what -peers may name.
func peerNames() []string {
	var names []string
	for _, c := range append(peers(), forms()...) {
		names = append(names, c.name)
	}
	return names
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
	if o.write {
		return f.write(ctx, o.trials != "")
	}
	fmt.Fprint(out, f.tables())
	return nil
}

// Command layers measures what a group and a stream cost when two processes share them over Redis or NATS: for a service that wsgen
// emits, for centrifuge and for Django Channels. It is the client of all of them. Run it in its folder, on Linux: `go run . -write`.
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
	// However it is ended, no server is left behind.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	defer stop()
	if err := perform(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	rounds int
	peers  string
	trials string
	note   string
	short  bool
	write  bool
}

// parse reads the command line.
func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("layers", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 3, "how often everything is measured; the figures are medians")
	flags.StringVar(&o.peers, "peers", "", "these alone, separated by semicolons: "+strings.Join(peerNames(), "; "))
	flags.StringVar(&o.trials, "trials", "", "these alone, separated by commas: "+strings.Join(trialNames(), ", "))
	flags.StringVar(&o.note, "note", "", "what is to be said of the machine, in a `sentence`")
	flags.BoolVar(&o.short, "short", false, "a quick look at the emitted service and centrifuge, beside figures.json")
	flags.BoolVar(&o.write, "write", false, "write the figures into ../layers.md and figures.json")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q: see -help", flags.Arg(0))
	case len(unknown(o.trials, ",", trialNames())) > 0:
		return o, fmt.Errorf("-trials: there is no %q: want some of %s", unknown(o.trials, ",", trialNames()), strings.Join(trialNames(), ", "))
	case len(unknown(o.peers, ";", peerNames())) > 0:
		return o, fmt.Errorf("-peers: there is no %q: want some of %s", unknown(o.peers, ";", peerNames()), strings.Join(peerNames(), "; "))
	case o.rounds < 1:
		return o, fmt.Errorf("-rounds %d: want 1 or more", o.rounds)
	case o.write && (o.short || o.peers != "" || o.trials != ""):
		return o, errors.New("-write wants all figures: leave -short, -peers and -trials out")
	}
	return o, nil
}

// parts returns the parts of a list, without the spaces around them.
func parts(list, separator string) []string {
	if list == "" {
		return nil
	}
	found := strings.Split(list, separator)
	for i, part := range found {
		found[i] = strings.TrimSpace(part)
	}
	return found
}

// unknown returns which parts of a list are none of the names.
func unknown(list, separator string, names []string) []string {
	return slices.DeleteFunc(parts(list, separator), func(name string) bool { return slices.Contains(names, name) })
}

// trialNames are what -trials may name.
func trialNames() []string {
	var names []string
	for _, t := range trials() {
		names = append(names, t.name)
	}
	return names
}

// peerNames are what -peers may name.
func peerNames() []string {
	var names []string
	for _, c := range peers() {
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
	all := peers()
	if o.short {
		all, o.rounds = all[:3], 1
	}
	if named := parts(o.peers, ";"); named != nil {
		all = slices.DeleteFunc(all, func(c contestant) bool { return !slices.Contains(named, c.name) })
	}
	dir, err := os.MkdirTemp("", "layers-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w, err := build(ctx, dir, all)
	if err != nil {
		return err
	}
	f := &figures{Rounds: o.rounds, Note: o.note, values: map[string]map[string][]float64{}}
	if err := w.inTurn(ctx, f, o, all, out); err != nil {
		return err
	}
	f.settle()
	switch {
	case o.short:
		last, err := readFigures(figuresFile)
		if err != nil {
			return err
		}
		fmt.Fprint(out, f.beside(last))
		return nil
	case o.write:
		return w.write(ctx, f)
	}
	fmt.Fprint(out, f.tables())
	return nil
}

// Package fleet stands for the machines that are updated. It only pretends, without chance, so that each run is like the last:
// put your own in its place.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Fleet is a number of game servers. It is safe for concurrent use.
type Fleet struct {
	servers []server
	pace    time.Duration

	mu       sync.Mutex
	attempts map[attempt]int // how many there were
}

// server is one machine and the trouble it makes.
type server struct {
	name  string
	fails int // so many attempts at each version
	err   error
}

// attempt is what is counted.
type attempt struct{ server, version string }

// Errors of servers that make trouble.
var (
	errNoSpace  = errors.New("no space left on the disk")
	errNoAnswer = errors.New("no answer")
)

// New returns a fleet whose servers take about pace for an update.
func New(pace time.Duration) *Fleet {
	return &Fleet{
		pace:     pace,
		attempts: make(map[attempt]int),
		servers: []server{
			{name: "fra-1"}, {name: "fra-2"}, {name: "fra-3"},
			{name: "iad-1"}, {name: "iad-2", fails: 1, err: errNoAnswer}, {name: "iad-3"},
			{name: "sgp-1"}, {name: "sgp-2", fails: 3, err: errNoSpace}, {name: "sgp-3"},
			{name: "syd-1"}, {name: "syd-2"}, {name: "syd-3"},
		},
	}
}

// Names returns the names of the servers.
func (f *Fleet) Names() []string {
	names := make([]string, len(f.servers))
	for i, s := range f.servers {
		names[i] = s.name
	}
	return names
}

// Update brings a server to a version. It calls report with each per cent that is done, and returns early, with the cause,
// when ctx ends. Every update starts from the beginning.
func (f *Fleet) Update(ctx context.Context, name, version string, report func(percent int)) error {
	i := slices.IndexFunc(f.servers, func(s server) bool { return s.name == name })
	if i < 0 {
		return fmt.Errorf("no server is named %q", name)
	}
	broken := f.count(attempt{name, version}) <= f.servers[i].fails
	step := f.pace * time.Duration(8+i%5) / 1000       // no two neighbours are equally fast
	tick := time.NewTicker(max(step, time.Nanosecond)) // which has to be above zero
	defer tick.Stop()
	for percent := 1; percent <= 100; percent++ {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		if broken && percent == 60 {
			return f.servers[i].err
		}
		report(percent)
	}
	return nil
}

// count counts an attempt and returns its number, from 1.
func (f *Fleet) count(a attempt) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attempts[a]++
	return f.attempts[a]
}

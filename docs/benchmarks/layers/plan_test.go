package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestPlanAlternates wants everybody in every round of a trial, each time another one first.
func TestPlanAlternates(t *testing.T) {
	var first []string
	seen := map[string]int{}
	for _, turn := range plan(options{rounds: 3, trials: "rooms"}, peers()) {
		if seen[turn.c.name] == turn.round && len(first) == turn.round {
			first = append(first, turn.c.name)
		}
		seen[turn.c.name]++
	}
	if want := []string{base, onRedis, onNATS}; !slices.Equal(first, want) {
		t.Errorf("first are %q, want %q", first, want)
	}
	if want := "map[" + strings.Join([]string{base + ":3", channels + ":3", channelsPub + ":3", onNATS + ":3", onRedis + ":3"}, " ") + "]"; fmt.Sprint(seen) != want {
		t.Errorf("got %v, want %s", seen, want)
	}
}

// TestPlanKeepsToWhatThereIs asks nobody for what he does not have, and keeps the short look short.
func TestPlanKeepsToWhatThereIs(t *testing.T) {
	for _, test := range []struct {
		o    options
		of   []contestant
		want string
	}{
		{options{rounds: 1, trials: "streams, crowd"}, peers(), "map[crowd:5 streams:5]"},
		{options{rounds: 2, trials: "streams"}, peers()[5:], "map[]"},
		{options{rounds: 1, short: true}, peers()[:3], "map[rooms:3 streams:3]"},
	} {
		got := map[string]int{}
		for _, turn := range plan(test.o, test.of) {
			got[turn.trial.name]++
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%+v: got %v, want %s", test.o, got, test.want)
		}
	}
}

// TestRatesFollowWhatTheyAreComparedWith wants a trial as much as arrives for each rate, before it.
func TestRatesFollowWhatTheyAreComparedWith(t *testing.T) {
	seen := map[string]bool{}
	for _, trial := range trials() {
		if trial.rate > 0 && !seen[trial.unbounded()] {
			t.Errorf("%s comes before %q", trial.name, trial.unbounded())
		}
		seen[trial.name] = true
	}
}

// TestCommandLine refuses what it does not know, and what would write half a table.
func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-write", "-short"}, {"-write", "-peers", base}, {"-write", "-trials", "rooms"}, {"-rounds", "0"}, {"-trials", "room"}, {"-peers", base + "; nobody"}, {"more"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
	if o, err := parse([]string{"-peers", base + "; " + channelsPub, "-trials", "rooms, rooms at 100"}); err != nil || o.rounds != 3 {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestStoresKeepAsTheyAreAsked is of what a store writes to the disk, and when.
func TestStoresKeepAsTheyAreAsked(t *testing.T) {
	for _, test := range []struct {
		keep, synced bool
		redis, nats  string
	}{
		{false, false, "--loglevel warning", `jetstream: {store_dir: "/folder"}`},
		{true, false, "--appendfsync everysec", `jetstream: {store_dir: "/folder"}`},
		{true, true, "--appendfsync always", `jetstream: {store_dir: "/folder", sync_interval: always}`},
	} {
		redis := strings.Join(redisArguments("127.0.0.1:7", "/folder", test.keep, test.synced), " ")
		if !strings.HasPrefix(redis, "--bind 127.0.0.1 --port 7 --dir /folder ") || !strings.HasSuffix(redis, test.redis) {
			t.Errorf("%+v: Redis gets %q", test, redis)
		}
		if nats := natsSettings("127.0.0.1:7", "127.0.0.1:8", "/folder", test.synced); !strings.HasSuffix(nats, test.nats+"\n") {
			t.Errorf("%+v: NATS gets %q", test, nats)
		}
	}
}

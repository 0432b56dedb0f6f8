package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestSpecKeepsTheSameHistory holds the spec of the emitted service to what the other servers are told.
func TestSpecKeepsTheSameHistory(t *testing.T) {
	text, err := os.ReadFile("testdata/emitted/wsgen.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("job: {history: %d, ttl: 10m}", history); !strings.Contains(string(text), want) {
		t.Errorf("wsgen.yaml has no %q", want)
	}
}

// TestCuts holds the plan to what the report says of it.
func TestCuts(t *testing.T) {
	for _, trial := range []trial{cutTrial(), killTrial(), cutTrial().smoke(), killTrial().smoke()} {
		for _, g := range trial.groups {
			for seed := range uint64(50) {
				cuts := trial.cuts(g, rand.New(rand.NewPCG(seed, 0)))
				if again := trial.cuts(g, rand.New(rand.NewPCG(seed, 0))); !reflect.DeepEqual(cuts, again) {
					t.Fatalf("%s: seed %d gives %v, and then %v", g.name, seed, cuts, again)
				}
				if len(g.harms) > 0 && len(cuts) == 0 {
					t.Errorf("%s: seed %d: no outage", g.name, seed)
				}
				if trial.kill > 0 && len(cuts) > 0 && cuts[0].at != trial.kill-time.Second {
					t.Errorf("%s: cut at %v, the server killed at %v", g.name, cuts[0].at, trial.kill)
				}
				end := calm
				for _, c := range cuts {
					if lasts := c.restore - c.at; lasts < g.outage*4/5 || lasts > g.outage*6/5 {
						t.Errorf("%s: an outage of %v", g.name, lasts)
					}
					if c.at < end || c.restore > trial.length-calm {
						t.Errorf("%s: an outage from %v to %v, after one that ended at %v", g.name, c.at, c.restore, end)
					}
					end = c.restore
				}
			}
		}
	}
}

// TestOutagesMeanWhatTheyAreCalled relates the outages to the settings of the services.
func TestOutagesMeanWhatTheyAreCalled(t *testing.T) {
	for _, g := range cutTrial().groups {
		shortest, longest := g.outage*4/5, g.outage*6/5
		for _, h := range g.harms {
			if h == silence && shortest <= pingInterval+pongTimeout {
				t.Errorf("%s: may be over before anyone notices", g.name)
			}
		}
		if forgotten := strings.Contains(g.name, "history"); forgotten && shortest <= historyTime {
			t.Errorf("%s: may be shorter than the history", g.name)
		} else if !forgotten && longest+2*backoff >= historyTime {
			t.Errorf("%s: may be longer than the history", g.name)
		}
	}
}

package fleet_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"example.com/updater/fleet"
)

// Every server takes the update within three attempts, and reports each per cent of the one that succeeds.
func TestUpdateReportsEachPercent(t *testing.T) {
	f := fleet.New(0)
	failures := make(map[string]int)
	for _, name := range f.Names() {
		for {
			var seen []int
			err := f.Update(t.Context(), name, "1.4.2", func(percent int) { seen = append(seen, percent) })
			for i, percent := range seen {
				if percent != i+1 {
					t.Fatalf("%s reports %v", name, seen)
				}
			}
			if err == nil {
				if len(seen) != 100 {
					t.Errorf("%s is updated at %d %%", name, len(seen))
				}
				break
			}
			failures[name]++
			if len(seen) == 100 || failures[name] > 3 {
				t.Fatalf("%s fails for the %d. time at %d %%: %v", name, failures[name], len(seen), err)
			}
		}
	}
	if failures["iad-2"] != 1 || failures["sgp-2"] != 3 || len(failures) != 2 {
		t.Errorf("failed attempts: %v, want 1 of iad-2 and 3 of sgp-2", failures)
	}
}

func TestUpdateEndsWithItsContext(t *testing.T) {
	f := fleet.New(time.Hour)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	err := f.Update(ctx, "fra-1", "1.4.2", func(percent int) { t.Errorf("it is at %d %%", percent) })
	if !errors.Is(err, why) {
		t.Errorf("the update ends with %v, want %v", err, why)
	}
}

func TestUpdateOfAnUnknownServer(t *testing.T) {
	f := fleet.New(0)
	if slices.Contains(f.Names(), "moon-1") {
		t.Fatal("moon-1 is known")
	}
	if err := f.Update(t.Context(), "moon-1", "1.4.2", func(int) {}); err == nil {
		t.Error("a server that does not exist was updated")
	}
}

package natslayer

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// pass has time go by, as this process sees the server's clock.
func (f *family) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.offset += d
}

// TestDay: the end of a stream, its snapshot, and that it was interrupted, are known for 24 hours, and no longer.
func TestDay(t *testing.T) {
	b := started(t)
	for _, latest := range []bool{false, true} {
		h := ws.History{Messages: 10, Bytes: 1000, TTL: time.Minute, Latest: latest}
		topic := fmt.Sprint("group:dotted.family", latest, ":1")
		if _, err := b.Lease(t.Context(), topic, "me", time.Hour); err != nil {
			t.Fatal(err)
		}
		progress, err := b.Append(t.Context(), topic, ws.Append{History: h, Envelope: ws.Envelope{Key: "k"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Save(t.Context(), topic, ws.Append{History: h, Envelope: ws.Envelope{Data: []byte("half")}}); err != nil {
			t.Fatal(err)
		}
		end, err := b.Append(t.Context(), topic, ws.Append{History: h, Owner: "me", Envelope: ws.Envelope{End: ws.JobInterrupted}})
		if err != nil {
			t.Fatal(err)
		}
		f := b.family(topic)
		for _, known := range []bool{true, false} {
			page, err := b.Read(t.Context(), topic, h, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			lapsed, err := b.Lapsed(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if page.Lapsed != known || slices.Contains(lapsed, topic) != known || (page.End != nil) != known || (page.Snapshot != nil) != known {
				t.Errorf("latest %v, known %v: %+v, lapsed %q", latest, known, page, lapsed)
			}
			switch {
			case !known && (page.Since != end.Offset || len(page.Records) > 0 || page.Epoch != end.Epoch):
				t.Errorf("latest %v, after a day: %+v", latest, page)
			case known:
				f.pass(ws.ResultTTL - time.Minute)
				page, err := b.Read(t.Context(), topic, h, 0, 10)
				if err != nil || page.Since != progress.Offset || len(page.Records) != 1 || page.End == nil || !page.Lapsed || page.Snapshot == nil {
					t.Errorf("latest %v, at the end of the day: %+v %v", latest, page, err)
				}
				f.pass(2 * time.Minute)
			}
		}
		if _, err := b.Append(t.Context(), topic, ws.Append{History: h, Envelope: ws.Envelope{}}); err != nil {
			t.Fatal(err)
		}
		if page, err := b.Read(t.Context(), topic, h, 0, 10); err != nil || page.Since < end.Offset {
			t.Errorf("latest %v, it goes on: %+v %v", latest, page, err)
		}
	}
}

// TestLongJob: what it saved is there as long as it goes on, and a day longer, and is written again before JetStream lets it go.
func TestLongJob(t *testing.T) {
	b := started(t)
	h := ws.History{Messages: 10, Bytes: 1000, TTL: time.Minute}
	topic := "group:job:1"
	lease := func() {
		t.Helper()
		if _, err := b.Lease(t.Context(), topic, "me", 1000*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	saved := func() string {
		t.Helper()
		page, err := b.Read(t.Context(), topic, h, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if page.Snapshot == nil {
			return "nothing"
		}
		return fmt.Sprint(string(page.Snapshot.Data), " of ", page.Snapshot.Offset)
	}
	lease()
	at, err := b.Append(t.Context(), topic, ws.Append{History: h})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Save(t.Context(), topic, ws.Append{History: h, Envelope: ws.Envelope{Data: []byte("half")}}); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint("half of ", at.Offset)
	f, s := b.family(topic), b.streams.get(topic, b.family(topic))
	first := s.state.Snapshot
	for range 3 {
		before := s.state.Snapshot
		f.pass(ws.ResultTTL + time.Hour)
		lease()
		if got := saved(); got != want || s.state.Snapshot == before {
			t.Errorf("saved %s, want %s; written again: %v", got, want, s.state.Snapshot != before)
		}
		lease()
	}
	if _, err := b.get(t.Context(), f, query{Seq: first}); err == nil {
		await(t, "the first one is gone", func() bool { _, err := b.get(t.Context(), f, query{Seq: first}); return err != nil })
	}
	f.pass(ws.ResultTTL / 2)
	if _, err := b.Append(t.Context(), topic, ws.Append{History: h, Owner: "me", Envelope: ws.Envelope{End: ws.JobFailed}}); err != nil {
		t.Fatal(err)
	}
	f.pass(ws.ResultTTL - time.Minute)
	if got := saved(); got != want {
		t.Errorf("%s within a day of the end", got)
	}
	f.pass(2 * time.Minute)
	if got := saved(); got != "nothing" {
		t.Errorf("%s after a day", got)
	}
}

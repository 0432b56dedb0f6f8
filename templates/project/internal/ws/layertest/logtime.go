package layertest

import (
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// short is the time for which streams keep what tests wait to see gone. A server's clock is not ours, and may be some way off
// from what a backend takes it for.
const (
	short    = 1500 * time.Millisecond
	clockOff = 100 * time.Millisecond
)

var keepShort = ws.History{Messages: 100, Bytes: 1 << 20, TTL: short}

// untilGone waits until n records are kept, and fails where that comes before its time.
func (p *process) untilGone(t *testing.T, topic string, h ws.History, n int, since time.Time) (page ws.Page) {
	t.Helper()
	until(t, "records are gone", func() bool {
		asked := time.Since(since)
		page = p.page(t, topic, h, 0, 100)
		if len(page.Records) > n && asked > h.TTL*3/2 {
			t.Fatalf("%s is kept for %v", texts(page.Records), asked)
		}
		return len(page.Records) <= n
	})
	if kept := time.Since(since); kept < h.TTL-clockOff {
		t.Errorf("gone after %v", kept)
	}
	return page
}

// testTime: no record is kept longer than its time, nor less; the stream goes on where it was.
func testTime(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	all[1].subscribe(t, topic)
	began := time.Now()
	old := all[0].append(t, topic, keepShort, "", "old")
	until(t, "most of the time is over", func() bool { return time.Since(began) > short*3/4 })
	between := time.Now()
	young := all[1].append(t, topic, keepShort, "", "young")
	p := all[1].untilGone(t, topic, keepShort, 1, began)
	switch state := all[0].page(t, topic, keepShort, 0, 0); {
	case time.Since(between) > short-clockOff: // this machine is too slow to tell
	case texts(p.Records) != "[young]" || p.Since != old.Offset || state.Since != old.Offset:
		t.Errorf("kept %s since %d or %d, want since %d", texts(p.Records), p.Since, state.Since, old.Offset)
	}
	p = all[0].untilGone(t, topic, keepShort, 0, between)
	if p.Since != young.Offset || p.Top != young.Offset || p.Epoch != old.Epoch {
		t.Errorf("nothing is kept, and the page is %+v", p)
	}
	third := all[0].append(t, topic, keepShort, "", "third")
	p = all[1].read(t, topic, keepShort, 0)
	if third.Epoch != old.Epoch || third.Offset <= young.Offset || p.Since != young.Offset || texts(p.Records) != "[third]" {
		t.Errorf("the third is at %+v, and the page %+v", third, p)
	}
}

// testTimeOfAnEnd: the end of a stream outlives the rest, and so does its snapshot.
func testTimeOfAnEnd(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	for _, latest := range []bool{false, true} {
		topic, h := newTopic(), keepShort
		h.Latest = latest
		began := time.Now()
		all[0].append(t, topic, h, "a", "replaced")
		all[0].append(t, topic, h, "b", "progress")
		last := all[0].append(t, topic, h, "a", "more of it")
		if _, err := all[0].log.Save(t.Context(), topic, ws.Append{History: h, Envelope: ws.Envelope{Data: []byte("half")}}); err != nil {
			t.Fatal(err)
		}
		end := all[0].appendAll(t, topic, ws.Append{History: h, Envelope: ws.Envelope{Data: []byte("end"), End: ws.JobDone}})
		p := all[1].untilGone(t, topic, h, 1, began)
		if texts(p.Records) != "[end]" || p.Since != last.Offset || p.Top != end.Offset || p.End == nil || p.End.Offset != end.Offset {
			t.Errorf("latest %v: kept %s since %d, want since %d: %+v", latest, texts(p.Records), p.Since, last.Offset, p)
		}
		if p.Snapshot == nil || string(p.Snapshot.Data) != "half" || p.Snapshot.Offset != last.Offset {
			t.Errorf("latest %v: snapshot %+v", latest, p.Snapshot)
		}
		all[1].append(t, topic, h, "", "it goes on") // then the end's own time is over
		if p := all[0].page(t, topic, h, 0, 10); p.End != nil || texts(p.Records) != "[it goes on]" || p.Since != end.Offset {
			t.Errorf("latest %v: it went on, and the page is %+v", latest, p)
		}
	}
}

// testTimeOfLatest: what was replaced is not missing when its time would have been over; what was not replaced is.
func testTimeOfLatest(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic, h := newTopic(), keepShort
	h.Latest = true
	all[0].append(t, topic, h, "a", "1")
	b := all[0].append(t, topic, h, "b", "2")
	began := time.Now() // the time of both runs by now
	var a ws.Position
	var put time.Time
	until(t, "the time is over", func() bool {
		put = time.Now()
		a = all[1].append(t, topic, h, "a", "x")
		return time.Since(began) > short+clockOff
	})
	if p := all[0].page(t, topic, h, 0, 10); texts(p.Records) != "[x]" || p.Since != b.Offset || p.Top != a.Offset {
		t.Errorf("kept %s since %d, want since %d", texts(p.Records), p.Since, b.Offset)
	}
	if p := all[1].untilGone(t, topic, h, 0, put); p.Since != a.Offset {
		t.Errorf("nothing is kept since %d, want %d", p.Since, a.Offset)
	}
}

package layertest

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// keepMany keeps all that a test appends.
var keepMany = ws.History{Messages: 1000, Bytes: 4 << 20, TTL: time.Hour}

// keepFew keeps three messages or 100 bytes.
var keepFew = ws.History{Messages: 3, Bytes: 100, TTL: time.Hour}

// lookOnly is a limit below 0.
const lookOnly = -1

// logTests are the tests of what ws.Log says of streams.
func logTests() map[string]func(*testing.T, Suite) {
	return map[string]func(*testing.T, Suite){
		"nothing":        testNothing,
		"append order":   testAppendOrder,
		"append, crowd":  testCrowd,
		"count, bytes":   testBounds,
		"latest":         testLatest,
		"model":          testModel,
		"pages":          testPages,
		"snapshot":       testSnapshot,
		"end":            testEnd,
		"time":           testTime,
		"time of an end": testTimeOfAnEnd,
		"time, latest":   testTimeOfLatest,
		"forget":         testForget,
	}
}

// testNothing: a stream that nobody has appended to is empty, and stays the same one when somebody does. A look at it costs nothing.
func testNothing(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	if look := all[0].page(t, topic, keepFew, 0, lookOnly); look.Epoch != "" || look.Top != 0 || look.Owner != "" {
		t.Errorf("a look at nothing: %+v", look)
	}
	p := all[0].page(t, topic, keepFew, 7, 10)
	if p.Epoch == "" || p.Top != 0 || p.Since != 0 || len(p.Records) > 0 || p.Snapshot != nil || p.End != nil || p.Owner != "" || p.Lapsed {
		t.Errorf("an empty stream: %+v", p)
	}
	for i, process := range all {
		if again := process.page(t, topic, keepFew, 0, 0); again.Epoch != p.Epoch {
			t.Errorf("process %d: another epoch", i)
		}
	}
	if look := all[1].page(t, topic, keepFew, 0, lookOnly); look.Epoch != p.Epoch {
		t.Errorf("a look at what is there: %+v", look)
	}
	at := all[1].append(t, topic, keepFew, "", "first")
	if at.Epoch != p.Epoch || at.Offset == 0 {
		t.Errorf("the first record is at %+v, in the epoch %s", at, p.Epoch)
	}
	if p := all[0].page(t, topic, keepFew, math.MaxUint64, 10); len(p.Records) != 0 || p.Top != at.Offset || p.Since != 0 {
		t.Errorf("behind an offset that is far above the top: %+v", p)
	}
	if p := all[0].page(t, topic, keepFew, 0, 0); len(p.Records) != 0 || p.Top != at.Offset {
		t.Errorf("with no records asked for: %+v", p)
	}
}

// testAppendOrder: whoever appends, all see the records in the order of their offsets, each once, and who has seen one finds it.
func testAppendOrder(t *testing.T, s Suite) {
	const writers, each = 8, 100
	all := s.processes(t, 2)
	topic := newTopic()
	var wg sync.WaitGroup
	for _, p := range all {
		p.subscribe(t, topic)
	}
	for writer := range writers {
		wg.Go(func() {
			p := all[writer%2]
			for i := range each {
				e := ws.Envelope{Key: fmt.Sprint(writer), Data: fmt.Append(nil, i)}
				if _, err := p.log.Append(t.Context(), topic, ws.Append{History: keepMany, Envelope: e}); err != nil {
					t.Errorf("writer %d, record %d: %v", writer, i, err)
					return
				}
			}
		})
	}
	for i, p := range all {
		wg.Go(func() {
			for n := 1; n <= writers*each; n += 10 {
				e := p.delivered(t, topic, n)[n-1]
				page, err := p.log.Read(t.Context(), topic, keepMany, e.Offset-1, 1)
				if err != nil || len(page.Records) != 1 || !same(page.Records[0], e) || page.Top < e.Offset {
					t.Errorf("process %d: %+v was delivered, but not found: %+v %v", i, e, page, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	kept := all[0].read(t, topic, keepMany, 0).Records
	if len(kept) != writers*each {
		t.Fatalf("%d records kept of %d", len(kept), writers*each)
	}
	next := make(map[string]int)
	for i, e := range kept {
		if i > 0 && e.Offset <= kept[i-1].Offset || e.Epoch != kept[0].Epoch {
			t.Fatalf("%+v comes after %+v", e, kept[i-1])
		}
		if string(e.Data) != fmt.Sprint(next[e.Key]) {
			t.Fatalf("record %s of writer %s, want %d", e.Data, e.Key, next[e.Key])
		}
		next[e.Key]++
	}
	for i, p := range all {
		got := p.delivered(t, topic, len(kept))
		for k := range kept {
			if !same(got[k], kept[k]) {
				t.Fatalf("process %d: %+v was delivered at place %d, and %+v is kept", i, got[k], k, kept[k])
			}
		}
		if len(got) != len(kept) {
			t.Errorf("process %d: %d envelopes delivered", i, len(got))
		}
	}
}

// testCrowd: one process that appends as fast as it can does not keep another from appending.
func testCrowd(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	over := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
			}
			e := ws.Envelope{Data: []byte("fast")}
			if _, err := all[0].log.Append(t.Context(), topic, ws.Append{History: keepMany, Envelope: e}); err != nil {
				t.Errorf("the fast one: %v", err)
				return
			}
		}
	})
	for i := range 20 {
		e := ws.Envelope{Data: []byte("slow")}
		if _, err := all[1].log.Append(t.Context(), topic, ws.Append{History: keepMany, Envelope: e}); err != nil {
			t.Errorf("record %d of the slow one: %v", i, err)
			break
		}
	}
	close(over)
	wg.Wait()
}

// testBounds: by count and by bytes, keys included, but always the newest.
func testBounds(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	long := strings.Repeat("x", 60)
	for name, test := range map[string]struct {
		keys, texts []string
		kept        int
	}{
		"count":               {[]string{"", "", "", "", ""}, []string{"1", "2", "3", "4", "5"}, 3},
		"bytes":               {[]string{"", ""}, []string{long, long}, 1},
		"bytes of keys":       {[]string{long, long}, []string{"x", "x"}, 1},
		"always the newest":   {[]string{"", ""}, []string{"x", long + long}, 1},
		"as many as they may": {[]string{"", "a"}, []string{long, long[:39]}, 2},
	} {
		topic := newTopic()
		var at []ws.Position
		for i, text := range test.texts {
			at = append(at, all[i%2].append(t, topic, keepFew, test.keys[i], text))
		}
		gone := len(at) - test.kept
		since := uint64(0)
		if gone > 0 {
			since = at[gone-1].Offset
		}
		p := all[1].read(t, topic, keepFew, 0)
		if p.Since != since || texts(p.Records) != fmt.Sprint(test.texts[gone:]) {
			t.Errorf("%s: %s kept since %d, want since %d", name, texts(p.Records), p.Since, since)
		}
	}
}

// testLatest: what a later message of its key replaced is gone, but not missing.
func testLatest(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic, h := newTopic(), keepFew
	h.Latest = true
	all[1].subscribe(t, topic)
	var at []ws.Position
	for i, key := range []string{"a", "b", "a", "", "a"} {
		at = append(at, all[i%2].append(t, topic, h, key, fmt.Sprint(key, i)))
	}
	p := all[0].read(t, topic, h, 0)
	if texts(p.Records) != "[b1 3 a4]" || p.Since != 0 {
		t.Errorf("kept %s since %d", texts(p.Records), p.Since)
	}
	if got := all[1].delivered(t, topic, 5); texts(got) != "[a0 b1 a2 3 a4]" {
		t.Errorf("delivered %s", texts(got))
	}
	all[0].append(t, topic, h, "", "5") // b's newest goes: now something is missing
	p = all[1].read(t, topic, h, 0)
	if texts(p.Records) != "[3 a4 5]" || p.Since != at[1].Offset {
		t.Errorf("kept %s since %d, want since %d", texts(p.Records), p.Since, at[1].Offset)
	}
	all[1].append(t, topic, h, "b", "b6")
	if p = all[0].read(t, topic, h, at[3].Offset); texts(p.Records) != "[a4 5 b6]" {
		t.Errorf("kept %s behind the fourth", texts(p.Records))
	}
	// Keys are anything, and as long as one likes.
	for _, key := range []string{"*", ">", "a.b", " ", "\x00", "é", "\xff", strings.Repeat("k", 5000)} {
		topic, h := newTopic(), ws.History{Messages: 10, Bytes: 1 << 20, TTL: time.Hour, Latest: true}
		for i, key := range []string{key, "other", key, key + "y", key} {
			all[i%2].append(t, topic, h, key, fmt.Sprint(i))
		}
		if p := all[0].read(t, topic, h, 0); texts(p.Records) != "[1 3 4]" || p.Records[2].Key != key {
			t.Errorf("key %.10q: kept %s", key, texts(p.Records))
		}
	}
}

// testPages: a page is bounded in count and in bytes, but has one record at least, so that reading on comes to the end.
func testPages(t *testing.T, s Suite) {
	p := s.process(t)
	topic := newTopic()
	const large = 100 << 10
	for i, size := range []int{1, 2, large, 1, large, large, 5} {
		p.append(t, topic, keepMany, "", strings.Repeat(fmt.Sprint(i), size))
	}
	records := 0
	for after := uint64(0); ; {
		page := p.page(t, topic, keepMany, after, math.MaxInt)
		size := 0
		for _, e := range page.Records {
			size += len(e.Data)
		}
		if len(page.Records) == 0 || size > large && len(page.Records) > 1 {
			t.Fatalf("%d records of %d bytes behind %d", len(page.Records), size, after)
		}
		records += len(page.Records)
		if after = page.Records[len(page.Records)-1].Offset; after == page.Top {
			break
		}
	}
	if records != 7 {
		t.Errorf("%d records on all pages", records)
	}
	for limit := range 3 {
		if page := p.page(t, topic, keepMany, 0, limit); len(page.Records) != limit {
			t.Errorf("%d records with a limit of %d", len(page.Records), limit)
		}
	}
}

// testSnapshot: it is the state of things after all records so far, is no record, and replaces the one before.
func testSnapshot(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	all[1].subscribe(t, topic)
	save := func(p *process, text string, binary bool) ws.Position {
		t.Helper()
		e := ws.Envelope{Data: []byte(text), Binary: binary}
		at, err := p.log.Save(t.Context(), topic, ws.Append{History: keepFew, Envelope: e})
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	first := save(all[0], "of nothing", false)
	if p := all[1].read(t, topic, keepFew, 0); p.Snapshot == nil || p.Snapshot.Offset != 0 || p.Epoch != first.Epoch || p.Top != 0 {
		t.Errorf("before the first record: %+v", p)
	}
	one := all[1].append(t, topic, keepFew, "", "1")
	if one.Epoch != first.Epoch {
		t.Error("another epoch")
	}
	if at := save(all[1], "\x00", true); at != one {
		t.Errorf("saved at %+v, want %+v", at, one)
	}
	two := all[0].append(t, topic, keepFew, "", "2")
	p := all[0].read(t, topic, keepFew, 0)
	if p.Snapshot == nil || p.Snapshot.Offset != one.Offset || string(p.Snapshot.Data) != "\x00" || !p.Snapshot.Binary {
		t.Errorf("snapshot %+v", p.Snapshot)
	}
	if texts(p.Records) != "[1 2]" || p.Top != two.Offset {
		t.Errorf("kept %s up to %d", texts(p.Records), p.Top)
	}
	save(all[0], "of two", false)
	if p := all[1].page(t, topic, keepFew, 0, lookOnly); p.Snapshot == nil || string(p.Snapshot.Data) != "of two" || p.Snapshot.Offset != two.Offset {
		t.Errorf("snapshot %+v", p.Snapshot)
	}
	all[0].append(t, topic, keepFew, "", "3")
	if got := all[1].delivered(t, topic, 3); texts(got) != "[1 2 3]" {
		t.Errorf("delivered %s", texts(got))
	}
}

// testEnd: it is a record, and what it says is told until something follows it.
func testEnd(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	all[1].subscribe(t, topic)
	all[0].append(t, topic, keepFew, "", "progress")
	end := ws.Envelope{Data: []byte("{}"), End: ws.JobFailed, Reason: "it broke: ünd how"}
	at := all[0].appendAll(t, topic, ws.Append{History: keepFew, Envelope: end})
	end.Epoch, end.Offset = at.Epoch, at.Offset
	p := all[1].read(t, topic, keepFew, 0)
	if p.End == nil || !same(*p.End, end) || len(p.Records) != 2 || !same(p.Records[1], end) {
		t.Errorf("end %+v, records %+v", p.End, p.Records)
	}
	if got := all[1].delivered(t, topic, 2); !same(got[1], end) {
		t.Errorf("delivered %+v", got[1])
	}
	all[1].append(t, topic, keepFew, "", "it goes on")
	if p := all[0].read(t, topic, keepFew, 0); p.End != nil || texts(p.Records) != "[progress {} it goes on]" {
		t.Errorf("end %+v, records %s", p.End, texts(p.Records))
	}
	all[0].appendAll(t, topic, ws.Append{History: keepFew, Envelope: ws.Envelope{End: ws.JobDone}})
	if p := all[0].page(t, topic, keepFew, 0, 0); p.End == nil || p.End.End != ws.JobDone || p.End.Reason != "" {
		t.Errorf("ended again: %+v", p.End)
	}
}

// testForget: a forgotten stream begins anew, with another epoch.
func testForget(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic, other := newTopic(), newTopic()
	all[1].subscribe(t, topic)
	var was ws.Position
	for range 3 {
		at := all[0].append(t, topic, keepFew, "", "x")
		all[1].append(t, other, keepFew, "", "x")
		if at.Epoch == was.Epoch {
			t.Error("one position for two records")
		}
		was = at
		if _, err := all[1].log.Save(t.Context(), topic, ws.Append{History: keepFew}); err != nil {
			t.Fatal(err)
		}
		if err := all[1].log.Forget(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
		if look := all[0].page(t, topic, keepFew, 0, lookOnly); look.Top != 0 || look.Snapshot != nil || look.Epoch == at.Epoch {
			t.Errorf("forgotten, but %+v", look)
		}
		if p := all[0].read(t, topic, keepFew, 0); p.Epoch == at.Epoch || p.Top != 0 || p.Snapshot != nil || len(p.Records) > 0 {
			t.Errorf("forgotten, but %+v", p)
		}
	}
	if err := all[0].log.Forget(t.Context(), newTopic()); err != nil {
		t.Errorf("of what never was: %v", err)
	}
	if p := all[0].read(t, other, keepFew, 0); len(p.Records) != 3 {
		t.Errorf("another stream has %d records", len(p.Records))
	}
}

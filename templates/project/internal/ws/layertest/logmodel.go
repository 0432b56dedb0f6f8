package layertest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// model is a stream that is kept in the simplest way.
type model struct {
	h          ws.History
	top, since uint64
	all, kept  []ws.Envelope
}

func (m *model) add(e ws.Envelope) {
	m.top = e.Offset
	m.all = append(m.all, e)
	if m.h.Latest && e.Key != "" {
		m.kept = slices.DeleteFunc(m.kept, func(old ws.Envelope) bool { return old.Key == e.Key })
	}
	m.kept = append(m.kept, e)
	for m.tooMuch() {
		m.since, m.kept = m.kept[0].Offset, m.kept[1:]
	}
}

// tooMuch reports whether more is kept than the history allows.
func (m *model) tooMuch() bool {
	size := 0
	for _, e := range m.kept {
		size += len(e.Key) + len(e.Data)
	}
	return len(m.kept) > m.h.Messages || size > m.h.Bytes && len(m.kept) > 1
}

// whole returns what somebody has to see who has seen all up to an offset.
func (m *model) whole(after uint64) (want []ws.Envelope) {
	for i, e := range m.all {
		replaced := m.h.Latest && e.Key != "" && slices.ContainsFunc(m.all[i+1:], func(later ws.Envelope) bool { return later.Key == e.Key })
		if e.Offset > after && !replaced {
			want = append(want, e)
		}
	}
	return want
}

// testModel: whichever processes append and read, they find what the model keeps, and who is not told that something is missing
// gets everything.
func testModel(t *testing.T, s Suite) {
	all := s.processes(t, 3)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 12 {
		h := ws.History{Messages: 1 + rnd.IntN(40), Bytes: 1 + rnd.IntN(200), TTL: time.Hour, Latest: rnd.IntN(2) == 0}
		m, topic := &model{h: h}, newTopic()
		for i := range 120 {
			if rnd.IntN(3) > 0 {
				e := ws.Envelope{Data: fmt.Append(nil, i)}
				if rnd.IntN(3) > 0 {
					e.Key = fmt.Sprint("k", rnd.IntN(8))
				}
				at := all[rnd.IntN(len(all))].appendAll(t, topic, ws.Append{History: h, Envelope: e})
				e.Epoch, e.Offset = at.Epoch, at.Offset
				if e.Offset <= m.top || len(m.all) > 0 && e.Epoch != m.all[0].Epoch {
					t.Fatalf("appended at %+v after %d", at, m.top)
				}
				m.add(e)
				continue
			}
			after := uint64(0)
			if n := rnd.IntN(len(m.all) + 1); n > 0 {
				after = m.all[n-1].Offset
			}
			m.compare(t, all[rnd.IntN(len(all))], topic, after)
		}
	}
}

// compare compares what is found behind an offset.
func (m *model) compare(t *testing.T, p *process, topic string, after uint64) {
	t.Helper()
	page := p.read(t, topic, m.h, after)
	if page.Top != m.top || page.Since != m.since {
		t.Fatalf("%+v: top %d since %d, want %d and %d", m.h, page.Top, page.Since, m.top, m.since)
	}
	if want := slices.DeleteFunc(slices.Clone(m.kept), func(e ws.Envelope) bool { return e.Offset <= after }); !slices.EqualFunc(page.Records, want, same) {
		t.Fatalf("%+v, behind %d: %s, want %s", m.h, after, texts(page.Records), texts(want))
	}
	if after >= page.Since && !slices.EqualFunc(page.Records, m.whole(after), same) {
		t.Fatalf("%+v, behind %d, since %d: %s, but there was %s", m.h, after, page.Since, texts(page.Records), texts(m.whole(after)))
	}
	limit := 1 + int(after%5)
	if part := p.page(t, topic, m.h, after, limit); !slices.EqualFunc(part.Records, page.Records[:min(limit, len(page.Records))], same) {
		t.Fatalf("with a limit of %d: %s of %s", limit, texts(part.Records), texts(page.Records))
	}
}

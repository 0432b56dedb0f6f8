package ws_test

import (
	"fmt"
	"testing"

	"wsgen/templates/project/internal/ws"
)

// TestWhatAPolicyLeavesOutIsNoGap: a page that follows a stream and reads slowly is not told that it missed something where the spec
// says that it may: what is left out is counted, the rest comes in order, and the stream goes on.
func TestWhatAPolicyLeavesOutIsNoGap(t *testing.T) {
	for name, test := range map[string]struct {
		policy ws.RouteOption
		left   func(ws.Stats) uint64
	}{
		"drop":   {ws.OutboundDrop(), func(st ws.Stats) uint64 { return st.Dropped }},
		"latest": {ws.OutboundLatest(), func(st ws.Stats) uint64 { return st.Replaced }},
	} {
		t.Run(name, func(t *testing.T) {
			app, layer := newAppWith(t, narrow(), syncRoute(&funcs{connect: join("job:1")}, test.policy))
			layer.Keep("job", long())
			page := resume(t, dialPipe, app, "/ws")
			settle(t, app)
			sent := 0
			for ; test.left(app.Stats()) < 10; sent++ {
				if err := layer.Send(t.Context(), "job:1", numbered(sent, "key")); err != nil {
					t.Fatal(err)
				}
			}
			last := -1
			expect := func() {
				t.Helper()
				var stream, offset, i int
				text := page.read(t)
				if _, err := fmt.Sscanf(text, "s%d:%d:%d ", &stream, &offset, &i); err != nil || stream != 1 || offset != i+1 || i <= last {
					t.Fatalf("%.60q after message %d: %v", text, last, err)
				}
				last = i
			}
			for range sent - int(test.left(app.Stats())) {
				expect()
			}
			settle(t, app)
			if err := layer.Send(t.Context(), "job:1", numbered(sent, "key")); err != nil {
				t.Fatal(err)
			}
			if expect(); last != sent {
				t.Errorf("message %d came, want %d", last, sent)
			}
			if st := app.Stats(); st.Resets != 0 || st.Slow != 0 {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

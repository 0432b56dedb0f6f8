package redislayer

import (
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// TestTouchAfterARestart: a stream that is only kept alive goes on under an epoch like any other, and what is appended then is
// delivered.
func TestTouchAfterARestart(t *testing.T) {
	t.Parallel()
	b := started(t)
	ctx := t.Context()
	h := ws.History{Messages: 3, Bytes: 1 << 20, TTL: time.Hour}
	const topic = "group:job:1"
	p := b.part(topic)
	seen := make(map[string]bool)
	for _, run := range []string{"first", "second", "third"} {
		// Another run of the server is another text of the script.
		sha, err := b.client.Do(ctx, b.client.B().ScriptLoad().Script(scriptText(run)).Build()).ToString()
		if err != nil {
			t.Fatal(err)
		}
		p.server.sha.Store(&sha)
		p.link.touchSome(p, []string{topic})
		at, err := b.Append(ctx, topic, ws.Append{History: h})
		if err != nil {
			t.Fatal(err)
		}
		if at.Epoch == "" || seen[at.Epoch] {
			t.Errorf("run %q goes on under epoch %q", run, at.Epoch)
		}
		seen[at.Epoch] = true
	}
}

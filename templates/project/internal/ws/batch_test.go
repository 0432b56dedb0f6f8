package ws

import (
	"bytes"
	"testing"
)

// TestRestOfABatch: wherever a write stopped, the rest is what it has left.
func TestRestOfABatch(t *testing.T) {
	var b batch
	for _, data := range []string{"one", "two and", "x", "three"} {
		b.add(outFrame{data: []byte(data)})
	}
	all := bytes.Clone(b.joined())
	if len(all) != b.bytes {
		t.Fatalf("%d bytes, counted as %d", len(all), b.bytes)
	}
	for b.sent = range len(all) + 1 {
		if got := bytes.Join(*b.rest(), nil); !bytes.Equal(got, all[b.sent:]) {
			t.Errorf("after %d bytes: %q, want %q", b.sent, got, all[b.sent:])
		}
	}
}

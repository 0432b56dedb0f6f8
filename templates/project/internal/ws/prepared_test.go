package ws

import "testing"

// TestPreparedOnce: a group's message is framed once for each form, and for each number that a stream has on its connections,
// however many sockets it goes to. Only the end of a stream can never be replaced.
func TestPreparedOnce(t *testing.T) {
	for name, end := range map[string]JobState{"message": "", "end": JobDone} {
		p := prepared{group: "job:1", envelope: Envelope{Data: []byte("x"), Key: "k", Epoch: "e", Offset: 3, End: end}}
		frames := make(map[*piece]bool)
		for f := range formCount {
			for number := range uint64(4) {
				frame := func() *piece {
					if number == 0 {
						return p.plain(f)
					}
					return p.numbered(f, number)
				}
				one := frame()
				if frame() != one || one.framed == nil {
					t.Errorf("%s, form %d, number %d: framed again", name, f, number)
				}
				if (one.key == "") != (end != "") {
					t.Errorf("%s, form %d, number %d: key %q", name, f, number, one.key)
				}
				frames[one] = true
			}
		}
		if len(frames) != 4*int(formCount) {
			t.Errorf("%s: %d frames for %d forms and 4 numbers", name, len(frames), formCount)
		}
	}
}

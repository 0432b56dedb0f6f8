package ws

import "testing"

// TestInboxDoesNotGrow: a queue in which something always waits costs no more memory after a million messages.
func TestInboxDoesNotGrow(t *testing.T) {
	in := &inbox{most: 1}
	push := func(i int) {
		in.push(task{message: Message{Data: []byte{byte(i), byte(i >> 8), byte(i >> 16)}}}, 0)
	}
	const waiting = 5
	for i := range waiting {
		push(i)
	}
	for i := range 100_000 {
		push(i + waiting)
		got, ok, _ := in.next()
		if d := got.message.Data; !ok || int(d[0])|int(d[1])<<8|int(d[2])<<16 != i {
			t.Fatalf("task %d is %v", i, d)
		}
		if cap(in.tasks) > 32 {
			t.Fatalf("after %d messages the queue of %d has room for %d", i, waiting, cap(in.tasks))
		}
	}
}

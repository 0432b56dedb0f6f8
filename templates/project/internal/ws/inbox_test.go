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
		var got task
		ok, _, _ := in.next(&got, false)
		if d := got.message.Data; !ok || int(d[0])|int(d[1])<<8|int(d[2])<<16 != i {
			t.Fatalf("task %d is %v", i, d)
		}
		if cap(in.tasks) > 32 {
			t.Fatalf("after %d messages the queue of %d has room for %d", i, waiting, cap(in.tasks))
		}
	}
}

// TestOneHandlerOnItsWay: while one has not begun, no further one starts; when it begins, the next one does, up to the bound, so that
// those which block hold up nobody.
func TestOneHandlerOnItsWay(t *testing.T) {
	in := &inbox{most: 3}
	expect := func(what string, got, want bool) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	var got task
	begin := func(wantMore bool) {
		t.Helper()
		ok, more, _ := in.next(&got, true)
		expect("a task", ok, true)
		expect("more", more, wantMore)
	}
	expect("the first starts one", in.push(task{}, 0) == started, true)
	expect("claim", in.claim(), true)
	for range 4 {
		expect("the others start one, which has not begun", in.push(task{}, 0) == started, false)
	}
	expect("claim while one is on its way", in.claim(), false)
	begin(true)
	expect("claim", in.claim(), true)
	if ok, more, _ := in.next(&got, false); !ok || more { // the first handler has returned, and the second has not begun
		t.Errorf("a task %v, more %v", ok, more)
	}
	begin(true)
	expect("claim", in.claim(), true)
	begin(false) // the bound
	expect("claim beyond the bound", in.claim(), false)
	for i := range 4 {
		ok, _, _ := in.next(&got, false)
		expect("a task for one that has returned", ok, i == 0)
	}
	if in.handled() != nil {
		t.Errorf("%d run", in.running)
	}
}

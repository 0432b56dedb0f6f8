package witness_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wsgen/golden/wireclient"
	"wsgen/golden/witness"
)

// journal is what a service writes that published n messages to the stream "s", with the offsets 2, 4, 6…
func journal(boot, n int, epoch string) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "p s %s %d %d %d\n", epoch, 2*i, boot, i)
	}
	return b.String()
}

// The events of a subscriber that tells all.
func opened(epoch string, offset uint64) wireclient.Event {
	return wireclient.Event{Kind: wireclient.Recovered, Stream: "s", Epoch: epoch, Offset: offset}
}

func message(boot, n int, epoch string) wireclient.Event {
	m := witness.Message{Boot: boot, N: n}
	return wireclient.Event{Kind: wireclient.Message, Stream: "s", Epoch: epoch, Offset: uint64(2 * n), Data: m.Payload(), Binary: m.Binary()}
}

func messages(boot, from, to int, epoch string) (events []wireclient.Event) {
	for n := from; n <= to; n++ {
		events = append(events, message(boot, n, epoch))
	}
	return events
}

func reset(reason, epoch string, offset uint64, snapshot []byte) wireclient.Event {
	return wireclient.Event{Kind: wireclient.Reset, Stream: "s", Epoch: epoch, Offset: offset, Reason: reason, Data: snapshot}
}

func interrupted() wireclient.Event {
	return wireclient.Event{Kind: wireclient.End, Stream: "s", State: "interrupted", Reason: "the service stopped"}
}

func end(result witness.Message) wireclient.Event {
	return wireclient.Event{Kind: wireclient.End, Stream: "s", State: "done", Data: result.Result()}
}

// told joins events and lists of them.
func told(parts ...any) (events []wireclient.Event) {
	for _, p := range parts {
		switch p := p.(type) {
		case wireclient.Event:
			events = append(events, p)
		case []wireclient.Event:
			events = append(events, p...)
		}
	}
	return events
}

// poor returns events as an application sees them: without epochs, and without news of the wire.
func poor(events []wireclient.Event) (less []wireclient.Event) {
	for _, e := range events {
		if e.Epoch = ""; e.Kind == wireclient.Reset {
			e.Offset = 0
		}
		if e.Kind != wireclient.Recovered && e.Kind != wireclient.Joined {
			less = append(less, e)
		}
	}
	return less
}

func state(boot, n int) []byte { return witness.Message{Boot: boot, N: n}.Snapshot() }

// test is what one subscriber was told, and what the judge has to say of it.
type test struct {
	name    string
	journal string
	rules   witness.Rules
	events  []wireclient.Event
	want    string // a part of the first fault; "" for none
}

// run has it judged.
func (test test) run(t *testing.T) {
	truth, err := witness.ReadJournal(strings.NewReader(test.journal))
	if err != nil {
		t.Fatal(err)
	}
	l := witness.NewLog("she", "s")
	for _, e := range test.events {
		l.Add(e)
	}
	faults := witness.Check(truth, []*witness.Log{l}, test.rules)
	if (test.want == "") != (len(faults) == 0) || test.want != "" && !strings.Contains(faults[0], test.want) {
		t.Errorf("it finds %q, want %q", faults, test.want)
	}
}

func TestCheck(t *testing.T) {
	damaged := message(1, 3, "a")
	damaged.Data = append(damaged.Data, '!')
	wrongOffset := message(1, 3, "a")
	wrongOffset.Offset = 4
	ten := journal(1, 10, "a")
	for _, test := range []test{
		{"all of it", ten, witness.Rules{Whole: true}, told(opened("a", 0), messages(1, 1, 10, "a")), ""},
		{"the end is missing", ten, witness.Rules{}, told(opened("a", 0), messages(1, 1, 9, "a")), "the newest is {1 10}"},
		{"the end may be missing", ten, witness.Rules{Unfinished: true}, told(opened("a", 0), messages(1, 1, 9, "a")), ""},
		{"nothing at all", ten, witness.Rules{}, nil, "the newest is {1 10}"},
		{"a gap", ten, witness.Rules{}, told(opened("a", 0), messages(1, 1, 4, "a"), messages(1, 6, 10, "a")), "1 messages are missing"},
		{"a duplicate", ten, witness.Rules{}, told(opened("a", 0), messages(1, 1, 4, "a"), messages(1, 4, 10, "a")), "{1 4} came again"},
		{"two in the wrong order", ten, witness.Rules{},
			told(opened("a", 0), messages(1, 1, 4, "a"), message(1, 6, "a"), message(1, 5, "a"), messages(1, 7, 10, "a")), "missing"},
		{"the beginning is missing", ten, witness.Rules{}, told(opened("a", 0), messages(1, 2, 10, "a")), "1 messages are missing"},
		{"the beginning is gone", ten, witness.Rules{}, told(
			wireclient.Event{Kind: wireclient.Joined, Stream: "s", Epoch: "a", Offset: 6}, opened("a", 6), messages(1, 4, 10, "a")), ""},
		{"what came after joining is gone, unsaid", ten, witness.Rules{}, told(
			wireclient.Event{Kind: wireclient.Joined, Stream: "s", Epoch: "a", Offset: 4}, opened("a", 6), messages(1, 4, 10, "a")), "left out, unsaid"},
		{"damaged", ten, witness.Rules{}, told(opened("a", 0), messages(1, 1, 2, "a"), damaged, messages(1, 4, 10, "a")), "damaged"},
		{"another's offset", ten, witness.Rules{}, told(opened("a", 0), messages(1, 1, 2, "a"), wrongOffset, messages(1, 4, 10, "a")), "cannot both be"},
		{"a breach", ten, witness.Rules{}, told(opened("a", 0), messages(1, 1, 10, "a"), wireclient.Event{Kind: wireclient.Breach, Reason: "x"}), "breach"},
	} {
		t.Run(test.name, test.run)
	}
}

func TestCheckOfResetsAndEnds(t *testing.T) {
	ten := journal(1, 10, "a")
	two := ten + journal(2, 5, "b")
	for _, test := range []test{
		{"trimmed", ten, witness.Rules{Resets: []string{"trimmed"}},
			told(opened("a", 0), messages(1, 1, 3, "a"), reset("trimmed", "a", 10, nil), messages(1, 6, 10, "a")), ""},
		{"trimmed, where nothing was", ten, witness.Rules{},
			told(opened("a", 0), messages(1, 1, 3, "a"), reset("trimmed", "a", 10, nil), messages(1, 6, 10, "a")), "told to miss"},
		{"trimmed, and more is missing than that", ten, witness.Rules{Resets: []string{"trimmed"}},
			told(opened("a", 0), messages(1, 1, 3, "a"), reset("trimmed", "a", 10, nil), messages(1, 7, 10, "a")), "1 messages are missing"},
		{"trimmed for nothing", ten, witness.Rules{Resets: []string{"trimmed"}},
			told(opened("a", 0), messages(1, 1, 3, "a"), reset("trimmed", "a", 6, nil), messages(1, 4, 10, "a")), "told to miss something behind {1 3}"},
		{"trimmed, and the end is missing", ten, witness.Rules{Resets: []string{"trimmed"}},
			told(opened("a", 0), messages(1, 1, 3, "a"), reset("trimmed", "a", 18, nil)), "the newest is {1 10}"},
		{"a snapshot", ten, witness.Rules{Resets: []string{"trimmed"}},
			told(opened("a", 0), messages(1, 1, 3, "a"), reset("trimmed", "a", 18, state(1, 9)), message(1, 10, "a")), ""},
		{"a snapshot of the future", ten, witness.Rules{Resets: []string{"trimmed"}},
			told(opened("a", 0), messages(1, 1, 3, "a"), reset("trimmed", "a", 18, state(1, 10)), message(1, 10, "a")), "the snapshot tells of {1 10}"},
		{"a snapshot of another start", two, witness.Rules{Resets: []string{"restarted"}},
			told(opened("a", 0), messages(1, 1, 3, "a"), reset("restarted", "b", 0, state(1, 3)), messages(2, 1, 5, "b")), "the snapshot tells of {1 3}"},

		{"restarted", two, witness.Rules{Resets: []string{"restarted"}},
			told(opened("a", 0), messages(1, 1, 3, "a"), reset("restarted", "b", 0, nil), messages(2, 1, 5, "b")), ""},
		{"restarted, unsaid", two, witness.Rules{Resets: []string{"restarted"}},
			told(opened("a", 0), messages(1, 1, 3, "a"), messages(2, 1, 5, "b")), "another start of the service, unsaid"},
		{"restarted, and the beginning is missing", two, witness.Rules{Resets: []string{"restarted"}},
			told(opened("a", 0), messages(1, 1, 3, "a"), reset("restarted", "b", 0, nil), messages(2, 2, 5, "b")), "1 messages are missing"},
		{"trimmed, though it is another epoch", two, witness.Rules{Resets: []string{"trimmed"}},
			told(opened("a", 0), messages(1, 1, 3, "a"), reset("trimmed", "b", 0, nil), messages(2, 1, 5, "b")), "the epoch a became b"},

		{"what is superseded is left out", ten, witness.Rules{Whole: true, Latest: map[string]int{"s": 3}},
			told(opened("a", 0), message(1, 4, "a"), message(1, 7, "a"), messages(1, 8, 10, "a")), ""},
		{"more than that is left out", ten, witness.Rules{Latest: map[string]int{"s": 3}},
			told(opened("a", 0), messages(1, 1, 7, "a"), messages(1, 9, 10, "a")), "1 messages are missing"},
		{"the newest is left out", ten, witness.Rules{Latest: map[string]int{"s": 3}},
			told(opened("a", 0), messages(1, 1, 9, "a")), "the newest is {1 10}"},

		{"a job", ten, witness.Rules{}, told(opened("a", 0), messages(1, 1, 10, "a"), end(witness.Message{Boot: 1, N: 10})), ""},
		{"a job that ended too early", ten, witness.Rules{}, told(opened("a", 0), messages(1, 1, 9, "a"), end(witness.Message{Boot: 1, N: 10}), message(1, 10, "a")),
			"it ended behind {1 10}, and got {1 9}"},
		{"a job that was interrupted", ten, witness.Rules{}, told(opened("a", 0), messages(1, 1, 10, "a"), interrupted()), "it ended interrupted"},
		{"a job that was interrupted and goes on unsaid", ten, witness.Rules{Interrupted: true},
			told(opened("a", 0), messages(1, 1, 9, "a"), interrupted(), message(1, 10, "a")), "came after the end"},
		{"a job that may be interrupted", two, witness.Rules{Interrupted: true, Resets: []string{"restarted"}},
			told(opened("a", 0), messages(1, 1, 9, "a"), interrupted(), reset("restarted", "b", 0, nil), messages(2, 1, 5, "b")), ""},
		{"a job that ended twice", ten, witness.Rules{},
			told(opened("a", 0), messages(1, 1, 10, "a"), end(witness.Message{Boot: 1, N: 10}), end(witness.Message{Boot: 1, N: 10})), "ended again"},
	} {
		t.Run(test.name, test.run)
	}
}

// at gives a message another offset than the one that it has in journal.
func at(offset uint64, e wireclient.Event) wireclient.Event {
	e.Offset = offset
	return e
}

// later gives messages other offsets, higher by so much.
func later(by uint64, events []wireclient.Event) []wireclient.Event {
	for i := range events {
		events[i].Offset += by
	}
	return events
}

// Streams that outlive the starts of the service: what the second one publishes follows what the first one did.
func TestCheckOfStreamsThatOutlive(t *testing.T) {
	both := journal(1, 10, "a") + "p s a 22 2 1\np s a 24 2 2\n"
	unsure := both + "u s 2 3\np s a 28 2 4\n"
	lost := journal(1, 10, "a") + "p s b 20 1 11\np s b 22 1 12\n" // the tenth was lost, and its offset is given again
	whole := witness.Rules{Whole: true, Outlive: true}
	restarted := witness.Rules{Outlive: true, Resets: []string{"restarted"}}
	for _, test := range []test{
		{"all of it", both, whole, told(opened("a", 0), messages(1, 1, 10, "a"), later(20, messages(2, 1, 2, "a"))), ""},
		{"the end of the first is missing", both, whole, told(opened("a", 0), messages(1, 1, 9, "a"), later(20, messages(2, 1, 2, "a"))), "1 messages are missing"},
		{"the beginning of the second is missing", both, whole, told(opened("a", 0), messages(1, 1, 10, "a"), later(20, messages(2, 2, 2, "a"))), "1 messages are missing"},
		{"the end is missing", both, whole, told(opened("a", 0), messages(1, 1, 10, "a")), "the newest is {2 2}"},
		{"the beginning is missing", both, whole, told(opened("a", 0), messages(1, 2, 10, "a"), later(20, messages(2, 1, 2, "a"))), "1 messages are missing"},
		{"a duplicate", both, whole, told(opened("a", 0), messages(1, 1, 10, "a"), messages(1, 10, 10, "a"), later(20, messages(2, 1, 2, "a"))), "came again"},
		{"a page tells no epoch", both, whole, poor(told(messages(1, 1, 10, "a"), later(20, messages(2, 1, 2, "a")))), ""},
		{"a page tells no epoch, and misses one", both, whole, poor(told(messages(1, 1, 10, "a"), later(20, messages(2, 2, 2, "a")))), "1 messages are missing"},

		{"an error, and it is not there", unsure, whole,
			told(opened("a", 0), messages(1, 1, 10, "a"), later(20, messages(2, 1, 2, "a")), later(20, messages(2, 4, 4, "a"))), ""},
		{"an error, and it is there", unsure, whole,
			told(opened("a", 0), messages(1, 1, 10, "a"), later(20, messages(2, 1, 4, "a"))), ""},
		{"an error, and it is there, later", unsure, whole,
			told(opened("a", 0), messages(1, 1, 10, "a"), later(20, messages(2, 1, 2, "a")), later(20, messages(2, 4, 4, "a")), at(30, message(2, 3, "a"))), ""},
		{"an error, and it came twice", unsure, whole,
			told(opened("a", 0), messages(1, 1, 10, "a"), later(20, messages(2, 1, 4, "a")), at(30, message(2, 3, "a"))), "{2 3} came again"},

		{"what was lost is told", lost, restarted, told(opened("a", 0), messages(1, 1, 10, "a"), reset("restarted", "b", 0, nil),
			messages(1, 1, 9, "b"), at(20, message(1, 11, "b")), at(22, message(1, 12, "b"))), ""},
		{"what came again is missing", lost, restarted, told(opened("a", 0), messages(1, 1, 10, "a"), reset("restarted", "b", 18, nil),
			at(22, message(1, 12, "b"))), "1 messages are missing"},
		{"it goes on with a snapshot", lost, restarted, told(opened("a", 0), messages(1, 1, 10, "a"), reset("restarted", "b", 18, state(1, 9)),
			at(20, message(1, 11, "b")), at(22, message(1, 12, "b"))), ""},
		{"interrupted, and it goes on", both, witness.Rules{Outlive: true, Interrupted: true},
			told(opened("a", 0), messages(1, 1, 10, "a"), interrupted(), later(20, messages(2, 1, 2, "a")), at(26, end(witness.Message{Boot: 2, N: 2}))), ""},
	} {
		t.Run(test.name, test.run)
	}
}

// An application is told neither epochs nor where a reset leads. What can be judged without them is.
func TestCheckOfAnApplication(t *testing.T) {
	two := journal(1, 10, "a") + journal(2, 5, "b")
	resets := []string{"restarted", "trimmed"}
	for _, test := range []test{
		{"all of it", two, witness.Rules{Whole: true, Resets: resets}, told(messages(1, 1, 9, ""), reset("restarted", "", 0, nil), messages(2, 1, 5, "")), ""},
		{"the beginning is missing", two, witness.Rules{Whole: true}, messages(1, 2, 10, ""), "it begins with {1 2}"},
		{"a gap", two, witness.Rules{}, told(messages(1, 1, 2, ""), messages(1, 4, 10, "")), "1 messages are missing"},
		{"the end is missing", two, witness.Rules{Resets: resets}, told(messages(1, 1, 9, ""), reset("restarted", "", 0, nil), messages(2, 1, 4, "")), "the newest is {2 5}"},
		{"restarted, unsaid", two, witness.Rules{}, told(messages(1, 1, 9, ""), messages(2, 1, 5, "")), "unsaid"},
	} {
		test.events = poor(test.events)
		t.Run(test.name, test.run)
	}
}

func TestCheckOfCommands(t *testing.T) {
	tests := []struct {
		name, journal, want string
		ordered             bool
	}{
		{"each once", "e c 1 1\ne c 1 2\ne c 1 3\n", "", true},
		{"one twice", "e c 1 1\ne c 1 2\ne c 1 2\ne c 1 3\n", "command 2 of c took effect again", false},
		{"one never", "e c 1 1\ne c 1 3\n", "command 2 of c was acknowledged and took no effect", false},
		{"in another order", "e c 1 1\ne c 1 3\ne c 1 2\n", "command 2 of c took effect after 3", true},
		{"in another order, where that may be", "e c 1 1\ne c 1 3\ne c 1 2\n", "", false},
		{"again after a restart", "e c 1 1\ne c 1 2\ne c 2 2\ne c 2 3\n", "", true},
		{"not written to the end", "e c 1 1\ne c 1 2\ne c 1 3\ne c 1", "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			truth, err := witness.ReadJournal(strings.NewReader(test.journal))
			if err != nil {
				t.Fatal(err)
			}
			rules := witness.Rules{Commands: map[string]int{"c": 3}}
			if test.ordered {
				rules.Ordered = []string{"c"}
			}
			faults := witness.Check(truth, nil, rules)
			if (test.want == "") != (len(faults) == 0) || test.want != "" && !slices.Contains(faults, test.want) {
				t.Errorf("it finds %q, want %q", faults, test.want)
			}
		})
	}
}

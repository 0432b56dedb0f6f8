package witness

import (
	"fmt"
	"slices"

	"wsgen/golden/wireclient"
)

// Rules says what may have happened in a run.
type Rules struct {
	// Resets lists the reasons for which a subscriber may have been told that it misses something.
	Resets []string
	// Whole says that nothing was trimmed: who comes for the first time gets everything.
	Whole bool
	// Outlive says that streams outlive the starts of the service, so that what one published follows what another did. Their
	// epochs may begin with any message. A subscriber that does not tell the epoch is not judged where there were several.
	Outlive bool
	// Interrupted says that jobs may have been interrupted, because the service stopped.
	Interrupted bool
	// Latest says of how many keys the messages of a stream are, where only the newest of each counts: each may be left out
	// once there is a newer one of its key. Message N has the key N modulo this.
	Latest map[string]int
	// Unfinished says that the subscribers need not have come to the end.
	Unfinished bool
	// Commands is how many commands each client has sent and had acknowledged.
	Commands map[string]int
	// Ordered lists the clients whose commands must have taken effect in order.
	Ordered []string
}

// maxFaults is how many faults of one subscriber are told. What follows from the first says little.
const maxFaults = 5

// Check returns everything that should not have happened.
func Check(t *Truth, logs []*Log, r Rules) []string {
	faults := t.learn(logs, r.Outlive)
	for _, l := range logs {
		var found []string
		for _, stream := range l.Streams {
			j := &judge{truth: t, rules: r, log: l, stream: stream}
			found = append(found, j.run()...)
		}
		for _, e := range l.Events() {
			if e.Kind == wireclient.Breach {
				found = append(found, fmt.Sprintf("%s: breach of the protocol: %s", l.Name, e.Reason))
			}
		}
		faults = append(faults, found[:min(len(found), maxFaults)]...)
	}
	return append(faults, checkEffects(t, r)...)
}

// judge goes through what one subscriber got of one stream.
type judge struct {
	truth  *Truth
	rules  Rules
	log    *Log
	stream string
	faults []string

	begun  bool    // it stands somewhere
	last   Message // behind this message
	loose  bool    // but nobody knows where: a reset did not say
	epoch  string
	offset uint64 // where that message stands, or where it was told to go on
	joined uint64 // the top when it joined for the first time
	ended  bool
	unsure map[Message]bool // those that came of which nobody knew what became of them
}

// fault takes note of one.
func (j *judge) fault(format string, args ...any) {
	j.faults = append(j.faults, fmt.Sprintf("%s, %s: ", j.log.Name, j.stream)+fmt.Sprintf(format, args...))
}

func (j *judge) run() []string {
	for i, e := range j.log.Events() {
		if e.Stream != j.stream {
			continue
		}
		before := len(j.faults)
		switch e.Kind {
		case wireclient.Joined:
			if !j.begun {
				j.joined = e.Offset
			}
		case wireclient.Recovered:
			j.recovered(e)
		case wireclient.Message:
			j.message(e)
		case wireclient.Reset:
			j.reset(e)
		case wireclient.End:
			j.end(e)
		}
		if len(j.faults) > before {
			j.faults[before] += fmt.Sprintf(" (event %d)", i)
		}
	}
	if top := j.truth.Top(j.stream); !j.rules.Unfinished && !j.loose && j.last != top {
		j.fault("the last message it got is %v, the newest is %v", j.last, top)
	}
	return j.faults
}

// stand takes note that the subscriber stands at a position, and that all behind it has to follow.
func (j *judge) stand(epoch string, offset uint64) {
	j.begun, j.epoch, j.offset, j.ended = true, epoch, offset, false
	j.unsure = nil // they may come again
	j.loose = false
	var known bool
	j.last, known = j.truth.at(j.stream, epoch, offset)
	if !known {
		j.last = Message{}
		// The beginning of an epoch is known even where nobody saw anything of it; and of streams that outlive, the offset will do.
		j.loose = offset != 0 && (!j.rules.Outlive || epoch == "")
	}
}

// recovered judges the verdict that nothing is missing.
func (j *judge) recovered(e wireclient.Event) {
	if j.begun {
		return // that the position stays is a matter of the protocol
	}
	if e.Offset > j.joined {
		j.fault("all before offset %d was left out, unsaid, of what came after %d", e.Offset, j.joined)
	}
	j.stand(e.Epoch, e.Offset)
}

// message judges a message.
func (j *judge) message(e wireclient.Event) {
	m, err := parseMessage(e.Data, e.Binary)
	if err != nil {
		j.fault("%v", err)
		return
	}
	fresh, loose := !j.begun, j.loose
	if j.truth.stream(j.stream).unsure[m] {
		j.stray(m, e)
		return
	}
	if j.rules.Outlive {
		j.follows(m, e)
		return
	}
	next := Message{Boot: j.last.Boot, N: j.last.N + 1}
	if next.Boot == 0 {
		next.Boot = m.Boot // the first of an epoch
	}
	switch {
	case j.ended:
		j.fault("%v came after the end", m)
	case loose || fresh && !j.rules.Whole:
	case fresh && m.N != 1 && !j.superseded(1, m.N):
		j.fault("it begins with %v", m)
	case m == next || fresh:
	case m.Boot == next.Boot && m.N < next.N:
		j.fault("%v came again, after %v", m, j.last)
	case m.Boot == next.Boot && j.superseded(next.N, m.N):
	case m.Boot == next.Boot:
		j.fault("%d messages are missing, unsaid, between %v and %v", m.N-next.N, j.last, m)
	default:
		j.fault("%v came after %v, of another start of the service, unsaid", m, j.last)
	}
	if e.Epoch != "" { // else the subscriber does not tell
		if at, ok := j.truth.at(j.stream, e.Epoch, e.Offset); !ok || at != m {
			j.fault("%v has the offset %d of %v", m, e.Offset, at)
		}
	}
	j.begun, j.loose, j.last = true, false, m
}

// stray judges a message that was answered with an error when it was published: it may be there or not, but not twice.
func (j *judge) stray(m Message, e wireclient.Event) {
	if j.unsure[m] {
		j.fault("%v came again", m)
	}
	if j.unsure == nil {
		j.unsure = make(map[Message]bool)
	}
	j.unsure[m] = true
	j.offset = max(j.offset, e.Offset)
}

// follows judges a message of a stream that outlives the starts of the service. Numbers begin anew with each, so what counts is what
// else is known to stand before it.
func (j *judge) follows(m Message, e wireclient.Event) {
	free := j.loose || !j.begun && !j.rules.Whole // it may begin anywhere
	missed := j.truth.between(j.stream, e.Epoch, j.offset, e.Offset)
	switch {
	case j.ended:
		j.fault("%v came after the end", m)
	case free:
	case e.Offset <= j.offset:
		j.fault("%v came again, or too late: after %v", m, j.last)
	case len(missed) > 0:
		j.fault("%d messages are missing, unsaid, between %v and %v: %v", len(missed), j.last, m, missed[0].message)
	}
	if at, ok := j.truth.at(j.stream, e.Epoch, e.Offset); e.Epoch != "" && (!ok || at != m) {
		j.fault("%v has the offset %d of %v", m, e.Offset, at)
	}
	j.begun, j.loose, j.last, j.offset = true, false, m, e.Offset
}

// superseded reports whether of all messages from one to before another there are newer ones of the same key.
func (j *judge) superseded(from, to int) bool {
	keys := j.rules.Latest[j.stream]
	return keys > 0 && to-1+keys <= j.truth.Top(j.stream).N && from < to
}

// reset judges the verdict that something is missing.
func (j *judge) reset(e wireclient.Event) {
	if !slices.Contains(j.rules.Resets, e.Reason) {
		j.fault("it was told to miss something: %s", e.Reason)
	}
	before, known := j.last, j.begun && !j.loose
	if e.Epoch == "" {
		j.begun, j.loose, j.ended = true, true, false
	} else {
		if j.begun && j.epoch != "" && (e.Epoch != j.epoch) != (e.Reason == "restarted") {
			j.fault("the epoch %s became %s because of %q", j.epoch, e.Epoch, e.Reason)
		}
		j.stand(e.Epoch, e.Offset)
		if known && e.Reason == "trimmed" && !j.loose && j.last.N <= before.N && j.last.Boot == before.Boot {
			j.fault("it was told to miss something behind %v, and goes on behind %v", before, j.last)
		}
	}
	if e.Data == nil {
		return
	}
	m, err := parseAs("state", e.Data)
	switch {
	case err != nil:
		j.fault("snapshot: %v", err)
	case j.rules.Outlive && (m.Boot < j.last.Boot || j.last == Message{}): // of the start before, or nobody knows of which
	case !j.loose && (m.Boot != j.last.Boot || m.N > j.last.N):
		j.fault("the snapshot tells of %v, the position is behind %v", m, j.last)
	}
}

// end judges the end of a job.
func (j *judge) end(e wireclient.Event) {
	if j.ended {
		j.fault("it ended again")
	}
	j.ended, j.begun = true, true
	if e.State == "interrupted" && j.rules.Interrupted {
		j.ended = !j.rules.Outlive // else it may go on
		return
	}
	if e.State != "done" {
		j.fault("it ended %s: %s", e.State, e.Reason)
		return
	}
	if m, err := parseAs("result", e.Data); err != nil {
		j.fault("result: %v", err)
	} else if !j.loose && m != j.last {
		j.fault("it ended behind %v, and got %v", m, j.last)
	}
}

// checkEffects compares the commands that took effect with those that were sent.
func checkEffects(t *Truth, r Rules) (faults []string) {
	for client, sent := range r.Commands {
		times := make(map[effect]int)
		seen := make(map[int]bool)
		var last effect
		for _, e := range t.effects[client] {
			times[e]++
			seen[e.k] = true
			if times[e] == 2 {
				faults = append(faults, fmt.Sprintf("command %d of %s took effect again", e.k, client))
			}
			if slices.Contains(r.Ordered, client) && e.boot == last.boot && e.k < last.k {
				faults = append(faults, fmt.Sprintf("command %d of %s took effect after %d", e.k, client, last.k))
			}
			last = e
		}
		for k := 1; k <= sent; k++ {
			if !seen[k] {
				faults = append(faults, fmt.Sprintf("command %d of %s was acknowledged and took no effect", k, client))
			}
		}
	}
	slices.Sort(faults)
	return faults[:min(len(faults), 4*maxFaults)]
}

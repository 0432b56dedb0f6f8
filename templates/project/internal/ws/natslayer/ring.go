package natslayer

import (
	"cmp"
	"slices"
	"time"

	"wsgen/templates/project/internal/ws"
)

// entry is what a process that appends to a stream remembers of a record.
type entry struct {
	seq  uint64
	at   int64 // milliseconds of the server's clock
	size int   // of data and key; gone where a later record of its key has replaced it
	key  string
	end  bool
}

// gone is the size of an entry that is no longer kept.
const gone = -1

// ring are the records that are kept of a stream, without their data. Its zero value is an empty one.
type ring struct {
	entries []entry // from head on, in order
	head    int
	kept    int               // of them, those that are not gone
	bytes   int               // of these
	newest  map[string]uint64 // under History.Latest, the newest record of each key
}

// add adds the newest record.
func (r *ring) add(e entry, latest bool) {
	if latest && e.key != "" {
		if seq, ok := r.newest[e.key]; ok {
			r.drop(r.index(seq))
		}
		if r.newest == nil {
			r.newest = make(map[string]uint64)
		}
		r.newest[e.key] = e.seq
	} else {
		e.key = "" // nobody asks for it
	}
	if len(r.entries) == cap(r.entries) && 2*r.kept < len(r.entries) {
		r.compact()
	}
	r.entries = append(r.entries, e)
	r.kept++
	r.bytes += e.size
}

// cut lets go of all records up to an offset.
func (r *ring) cut(since uint64) {
	for r.head < len(r.entries) && (r.entries[r.head].seq <= since || r.entries[r.head].size == gone) {
		if e := &r.entries[r.head]; e.size != gone {
			if r.newest[e.key] == e.seq {
				delete(r.newest, e.key)
			}
			r.drop(r.head)
		}
		r.head++
	}
	if r.kept == 0 {
		*r = ring{}
	}
}

// trim returns what is too much or too old, up to which offset, if next is added, or where that is nil. It returns as well from
// when the oldest record is that stays, or now.
func (r *ring) trim(h ws.History, since uint64, now int64, next *entry) (trimmed uint64, first int64) {
	kept, bytes, replaced := r.kept, r.bytes, -1
	if next != nil {
		kept, bytes = kept+1, bytes+next.size
		if seq, ok := r.newest[next.key]; ok && h.Latest && next.key != "" {
			replaced = r.index(seq)
			kept, bytes = kept-1, bytes-r.entries[replaced].size
		}
	}
	for i := r.head; i < len(r.entries); i++ {
		e := &r.entries[i]
		if e.size == gone || i == replaced {
			continue
		}
		tooMuch := kept > h.Messages || bytes > h.Bytes && kept > 1
		if !tooMuch && now-e.at < life(h, e.end && next == nil && i == len(r.entries)-1) {
			return since, e.at
		}
		since = e.seq
		kept, bytes = kept-1, bytes-e.size
	}
	return since, now
}

// life is how long a record is kept, in milliseconds. The end of a stream, as long as nothing follows it, outlives the rest.
func life(h ws.History, ends bool) int64 {
	ttl := int64((h.TTL + time.Millisecond - 1) / time.Millisecond)
	if ends {
		return max(ttl, resultTTL)
	}
	return ttl
}

// recordCost is what a record takes in JetStream besides its data and key, about, in bytes.
const recordCost = 200

// cost is what the records that are kept take in JetStream.
func (r *ring) cost() int { return r.bytes + r.kept*recordCost }

// index returns where the first entry is that is not before a record.
func (r *ring) index(seq uint64) int {
	i, _ := slices.BinarySearchFunc(r.entries[r.head:], seq, func(e entry, seq uint64) int { return cmp.Compare(e.seq, seq) })
	return r.head + i
}

// drop lets go of an entry, but for its place.
func (r *ring) drop(i int) {
	e := &r.entries[i]
	r.kept--
	r.bytes -= e.size
	e.size, e.key = gone, ""
}

// compact moves the entries together.
func (r *ring) compact() {
	to := r.entries[:0]
	for _, e := range r.entries[r.head:] {
		if e.size != gone {
			to = append(to, e)
		}
	}
	clear(r.entries[len(to):])
	r.entries, r.head = to, 0
}

// expired reports whether the time of any record is over.
func (r *ring) expired(h ws.History, now int64) bool {
	for i := r.head; i < len(r.entries); i++ {
		if e := &r.entries[i]; e.size != gone {
			return now-e.at >= life(h, e.end && i == len(r.entries)-1)
		}
	}
	return false
}

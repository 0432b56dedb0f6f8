package ws

import (
	"cmp"
	"slices"
	"time"
)

// memoryRecord is one record of a stream.
type memoryRecord struct {
	offset uint64
	at     time.Duration // when it was added
	data   []byte
	key    string
	end    *memoryEnd // set on a record that ended the stream
	binary bool
	gone   bool // replaced by a later one of its key; nothing but its offset is left
}

// memoryEnd is why a stream ended.
type memoryEnd struct {
	state  JobState
	reason string
}

// memoryRing are the records that are kept of a stream. Its zero value is an empty one.
type memoryRing struct {
	top, since uint64 // as in Page

	records []memoryRecord // from head on, in the order of their offsets
	head    int
	kept    int               // of the records, those that are not gone
	bytes   int               // of them
	newest  map[string]uint64 // under History.Latest, the offset of the newest record of each key
}

// add adds a record, and returns the offset that it has.
func (r *memoryRing) add(h History, rec memoryRecord) uint64 {
	r.top++
	rec.offset = r.top
	if h.Latest && rec.key != "" {
		if offset, ok := r.newest[rec.key]; ok {
			r.drop(r.index(offset))
		}
		if r.newest == nil {
			r.newest = make(map[string]uint64)
		}
		r.newest[rec.key] = rec.offset
	}
	if len(r.records) == cap(r.records) && 4*r.garbage() >= len(r.records) {
		r.compact()
	}
	r.records = append(r.records, rec)
	r.kept++
	r.bytes += len(rec.data) + len(rec.key)
	return rec.offset
}

// trim lets go of what is too much or too old.
func (r *memoryRing) trim(h History, now time.Duration) {
	for r.head < len(r.records) {
		first := &r.records[r.head]
		if !first.gone {
			tooMuch := r.kept > h.Messages || r.bytes > h.Bytes && r.kept > 1
			if !tooMuch && now-first.at < r.life(h, first) {
				break
			}
			r.since = first.offset
			if r.newest[first.key] == first.offset {
				delete(r.newest, first.key)
			}
			r.drop(r.head)
		}
		r.head++
	}
	switch {
	case r.kept == 0:
		r.records, r.head, r.newest = nil, 0, nil
	case cap(r.records) > 64 && 4*r.kept < cap(r.records):
		r.compact()
		r.records = append(make([]memoryRecord, 0, 2*r.kept), r.records...)
	}
}

// life is how long a record is kept. The end of a stream, as long as nothing follows it, outlives the rest.
func (r *memoryRing) life(h History, rec *memoryRecord) time.Duration {
	if rec.end != nil && rec.offset == r.top {
		return max(h.TTL, ResultTTL)
	}
	return h.TTL
}

// end returns the record that ended the stream, or nil where nothing has, or something was added since.
func (r *memoryRing) end() *memoryRecord {
	if r.kept == 0 {
		return nil
	}
	if last := &r.records[len(r.records)-1]; last.end != nil {
		return last
	}
	return nil
}

// index returns where the first record is whose offset is not below the one given, or where one would be added.
func (r *memoryRing) index(offset uint64) int {
	i, _ := slices.BinarySearchFunc(r.records[r.head:], offset, func(rec memoryRecord, offset uint64) int {
		return cmp.Compare(rec.offset, offset)
	})
	return r.head + i
}

// drop frees a record.
func (r *memoryRing) drop(i int) {
	rec := &r.records[i]
	r.kept--
	r.bytes -= len(rec.data) + len(rec.key)
	*rec = memoryRecord{offset: rec.offset, gone: true}
}

// garbage is how many places hold no record any more.
func (r *memoryRing) garbage() int { return len(r.records) - r.kept }

// compact moves the records together.
func (r *memoryRing) compact() {
	to := r.records[:0]
	for i := r.head; i < len(r.records); i++ {
		if !r.records[i].gone {
			to = append(to, r.records[i])
		}
	}
	clear(r.records[len(to):])
	r.records, r.head = to, 0
}

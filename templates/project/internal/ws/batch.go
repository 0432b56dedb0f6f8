package ws

import (
	"net"
	"sync"
	"syscall"
)

// batch is what is written to one socket at once.
type batch struct {
	frames []outFrame
	bytes  int  // of the frames
	sent   int  // of them, what is on the connection
	closed bool // the close frame is out

	copied  []byte // the frames, where they are several
	piece   []byte // what attempt writes
	attempt func(fd uintptr) bool
}

// batches holds free ones.
var batches = sync.Pool{New: func() any {
	b := new(batch)
	b.attempt = func(fd uintptr) bool {
		b.sent = writeNow(fd, b.piece)
		return true // without waiting until more can be written
	}
	return b
}}

// maxBatch is about how many bytes go into one write: enough to make system calls rare, and little enough for a slow but
// living peer to take within the write timeout.
const maxBatch = 64 << 10

// maxCopied is how much is copied to make one piece of several; beyond it the copying would cost more than it saves.
const maxCopied = 16 << 10

// add adds a frame.
func (b *batch) add(f outFrame) {
	b.frames = append(b.frames, f)
	b.bytes += len(f.data)
}

// empty gives the frames back, and returns how many bytes they were.
func (b *batch) empty() int {
	for _, f := range b.frames {
		f.free()
	}
	n := b.bytes
	clear(b.frames)
	b.frames, b.bytes, b.sent, b.piece = b.frames[:0], 0, 0, nil
	return n
}

// free gives a batch back that is empty.
func (b *batch) free() {
	b.closed = false
	batches.Put(b)
}

// try writes as much as the peer takes at once, and reports whether that was all. It never waits, and tells of no error: what is
// left meets it again. Beyond a write deadline of the connection it writes nothing.
func (b *batch) try(direct syscall.RawConn) bool {
	if direct != nil && b.bytes > 0 && b.sent == 0 && (len(b.frames) == 1 || b.bytes <= maxCopied) {
		b.piece = b.joined()
		_ = direct.Write(b.attempt)
	}
	return b.sent == b.bytes
}

// joined returns the frames in one piece.
func (b *batch) joined() []byte {
	if len(b.frames) == 1 {
		return b.frames[0].data
	}
	b.copied = b.copied[:0]
	for _, f := range b.frames {
		b.copied = append(b.copied, f.data...)
	}
	return b.copied
}

// rest returns what is left of the frames, in pieces.
func (b *batch) rest() *net.Buffers {
	var rest net.Buffers
	skip := b.sent
	for _, f := range b.frames {
		n := min(skip, len(f.data))
		skip -= n
		if n < len(f.data) {
			rest = append(rest, f.data[n:])
		}
	}
	return &rest
}

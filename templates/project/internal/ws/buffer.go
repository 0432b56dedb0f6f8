package ws

import (
	"io"
	"sync"
)

// buffer holds one received message until its handler has returned.
type buffer struct{ data []byte }

// Buffers start small, since most messages are, and large ones are left to the garbage collector.
const (
	firstBuffer  = 512
	largestReuse = 16 << 10
)

// buffers holds free ones.
var buffers = sync.Pool{New: func() any { return &buffer{data: make([]byte, 0, firstBuffer)} }}

// newBuffer returns an empty buffer.
func newBuffer() *buffer { return buffers.Get().(*buffer) }

// free gives the buffer back; its data may not be used after.
func (b *buffer) free() {
	if b != nil && cap(b.data) <= largestReuse {
		b.data = b.data[:0]
		buffers.Put(b)
	}
}

// readFrom reads r to its end. It returns errTooBig as soon as there are more than limit bytes, so that a small frame that
// inflates to a large one costs no more than limit.
func (b *buffer) readFrom(r io.Reader, limit int) error {
	for {
		if len(b.data) == cap(b.data) {
			b.data = append(b.data, 0)[:len(b.data)]
		}
		n, err := r.Read(b.data[len(b.data):min(cap(b.data), limit+1)])
		b.data = b.data[:len(b.data)+n]
		switch {
		case len(b.data) > limit:
			return errTooBig
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

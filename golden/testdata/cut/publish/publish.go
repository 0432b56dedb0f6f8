// Package publish has the service publish on demand of a test, over HTTP. Every message says which one of its stream it is,
// as package witness of the tests reads it.
package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"example.com/cut/internal/ws"
	"example.com/cut/journal"
)

// Publisher publishes. It is safe for concurrent use.
type Publisher struct {
	layer   *ws.Layer
	journal *journal.Journal

	mu      sync.Mutex // guards streams
	streams map[string]*stream
}

// stream is what a publisher knows of a stream.
type stream struct {
	mu sync.Mutex // held while its messages are published
	n  int        // the number of the newest
}

// New returns a publisher.
func New(layer *ws.Layer, j *journal.Journal) *Publisher {
	return &Publisher{layer: layer, journal: j, streams: make(map[string]*stream)}
}

// Handle adds the handlers:
//
//	POST /publish?stream=feed:1&count=10[&save=4][&keys=7]    publishes, with a snapshot after every 4th message, and with
//	                                                            one of 7 keys for each; answers with the number of the newest
//	POST /job?id=1&count=10&pause=1ms[&save=4]                starts a job that does so; answers whether it did
//	POST /send?group=room:1&text=hello[&pad=100]              sends to a group, with a blank and 100 bytes more
func (p *Publisher) Handle(mux *http.ServeMux) {
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		newest, err := p.publish(r.Context(), r.FormValue("stream"), number(r, "count"), number(r, "save"), number(r, "keys"))
		answer(w, newest, err)
	})
	mux.HandleFunc("POST /job", p.start)
	mux.HandleFunc("POST /send", func(w http.ResponseWriter, r *http.Request) {
		text := r.FormValue("text") + " " + strings.Repeat("x", number(r, "pad"))
		answer(w, "", p.layer.Send(r.Context(), r.FormValue("group"), ws.Text(text)))
	})
}

// number returns a number of the request, 0 where it is missing.
func number(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.FormValue(name))
	if err != nil {
		return 0
	}
	return n
}

// answer tells how a request went.
func answer(w http.ResponseWriter, result any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprint(w, result) // who asked may have gone
}

// message returns the nth message, and what else is said of it.
func (p *Publisher) message(n int) ws.Message {
	padding := bytes.Repeat([]byte{'a' + byte(n%26)}, n*37%300)
	return ws.Message{Data: fmt.Appendf(nil, "%d %d %s", p.journal.Boot(), n, padding), Binary: n%5 == 0}
}

func (p *Publisher) state(n int) ws.Message {
	return ws.Text(fmt.Sprintf("state %d %d", p.journal.Boot(), n))
}

// publish publishes count messages, up to the first error, and returns the number of the newest. What was answered with an error
// may have been published all the same: its number is not given again.
func (p *Publisher) publish(ctx context.Context, name string, count, save, keys int) (newest int, err error) {
	p.mu.Lock()
	s := p.streams[name]
	if s == nil {
		s = new(stream)
		p.streams[name] = s
	}
	p.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for range count {
		s.n++
		m := p.message(s.n)
		if keys > 0 {
			m.Key = strconv.Itoa(s.n % keys)
		}
		at, err := p.layer.Stream(name).Send(ctx, m)
		if err != nil {
			return 0, errors.Join(err, p.journal.Unsure(name, s.n))
		}
		if err := p.journal.Published(name, at.Epoch, at.Offset, s.n); err != nil {
			return 0, err
		}
		if save > 0 && s.n%save == 0 {
			if err := p.layer.Stream(name).Save(ctx, p.state(s.n)); err != nil {
				return 0, err
			}
		}
	}
	return s.n, nil
}

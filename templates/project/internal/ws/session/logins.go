package session

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"wsgen/templates/project/internal/ws"
)

// logins knows, for each session, the sockets that hang on it in this process, and closes them when the session is over: signed
// out in whichever process, expired, or gone from the store. A key is the hash under which the session is kept.
type logins struct {
	layer *ws.Layer
	// expiry returns until when a session holds, and reports whether it does.
	expiry func(ctx context.Context, key string) (time.Time, bool, error)

	hearing sync.Mutex // held while the first socket begins to listen; guards heard
	heard   bool

	mu      sync.Mutex // guards the rest
	known   map[string]*login
	lookers int // see lookAll
}

// login is one session with its sockets, and the handshakes that may become some.
type login struct {
	key     string
	watches map[*watch]struct{}
	expires time.Time   // as far as is known
	timer   *time.Timer // nil while there are handshakes only
}

// watch is one socket, or a handshake.
type watch struct {
	logins *logins
	login  *login
	end    func(reason string) // nil until there is a socket; this and the rest are guarded by logins.mu
	over   string              // why the login is over; "" while it is not
	left   bool
}

// notice is the name under which the end of a login is told to all processes; its data is the key.
const notice = "logins"

// glance is how often a session is looked up that has sockets, whatever is heard of it: a notice may get lost, and somebody may
// have removed the session from the store by hand.
const glance = 5 * time.Minute

// retry is when a session is looked up again that could not be.
const retry = 5 * time.Second

// askTimeout bounds one look into the store, and the telling of others.
const askTimeout = 5 * time.Second

// The reasons that a page is told.
const (
	signedOut = "signed out"
	expired   = "the session is over"
)

// enter adds a handshake to a login, before its session is looked up: a logout at the same moment is seen by the one or the other.
func (l *logins) enter(ctx context.Context, key string) (*watch, error) {
	if err := l.hear(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	in := l.known[key]
	if in == nil {
		in = &login{key: key, watches: make(map[*watch]struct{})}
		if l.known == nil {
			l.known = make(map[string]*login)
		}
		l.known[key] = in
	}
	w := &watch{logins: l, login: in}
	in.watches[w] = struct{}{}
	return w, nil
}

// hear listens for the logins that other processes end.
func (l *logins) hear(ctx context.Context) error {
	l.hearing.Lock()
	defer l.hearing.Unlock()
	if l.heard {
		return nil
	}
	err := l.layer.Hear(ctx, notice, func(key []byte) {
		if key == nil {
			l.lookAll()
			return
		}
		l.close(string(key), signedOut)
	})
	l.heard = err == nil
	return err
}

// start makes the watch that of a socket, to be closed by end. The session is known to hold until it expires.
func (w *watch) start(expires time.Time, end func(reason string)) (stop func()) {
	w.logins.mu.Lock()
	defer w.logins.mu.Unlock()
	switch {
	case w.over != "":
		end(w.over)
	case w.left: // nobody waits for the handshake any more, so no socket comes of it
	default:
		w.end = end
		w.login.expires = expires
		w.logins.lookIn(w.login, time.Until(expires))
	}
	return w.leave
}

// settle takes the watch back unless it has become that of a socket.
func (w *watch) settle() {
	w.logins.mu.Lock()
	defer w.logins.mu.Unlock()
	if w.end == nil {
		w.leaveLocked()
	}
}

// leave ends the watch.
func (w *watch) leave() {
	w.logins.mu.Lock()
	defer w.logins.mu.Unlock()
	w.leaveLocked()
}

func (w *watch) leaveLocked() {
	if w.left {
		return
	}
	w.left = true
	delete(w.login.watches, w)
	if len(w.login.watches) == 0 {
		w.logins.forget(w.login)
	}
}

// forget removes a login; l.mu is held.
func (l *logins) forget(in *login) {
	if in.timer != nil {
		in.timer.Stop()
	}
	if l.known[in.key] == in {
		delete(l.known, in.key)
	}
	if len(l.known) == 0 {
		l.known = nil // a map that was large once would stay so
	}
}

// close ends the sockets of a login in this process.
func (l *logins) close(key, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if in := l.known[key]; in != nil {
		l.closeLocked(in, reason)
	}
}

func (l *logins) closeLocked(in *login, reason string) {
	for w := range in.watches {
		w.over, w.left = reason, true
		if w.end != nil {
			w.end(reason)
		}
	}
	clear(in.watches)
	l.forget(in)
}

// end ends the sockets of a login in all processes. The session is deleted already.
func (l *logins) end(ctx context.Context, key, reason string) {
	l.close(key, reason)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
	defer cancel()
	if err := l.layer.Tell(ctx, notice, []byte(key)); err != nil {
		slog.WarnContext(ctx, "session: other processes will notice a logout only later", "within", glance.String(), "error", err)
	}
}

// lookIn has a session looked up after a while, or earlier; l.mu is held.
func (l *logins) lookIn(in *login, wait time.Duration) {
	wait = min(max(wait, 0), glance)
	if in.timer == nil {
		in.timer = time.AfterFunc(wait, func() { l.look(in) })
		return
	}
	in.timer.Reset(wait)
}

// look looks a session up, and ends its sockets where it does not hold any more.
func (l *logins) look(in *login) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	expires, ok, err := l.expiry(ctx, in.key)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.known[in.key] != in:
	case err == nil && ok:
		in.expires = expires
		l.lookIn(in, time.Until(expires))
	case err != nil && time.Since(in.expires) < glance: // it may have been prolonged
		slog.Debug("session: not looked up; its sockets stay for now", "error", err) // of each session, while /readyz says it once
		l.lookIn(in, retry)
	default:
		l.closeLocked(in, expired)
	}
}

// lookAll looks up every session that is known, one after the other: notices may have been missed.
func (l *logins) lookAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lookers++
	if l.lookers > 1 { // one is at it, and begins anew
		return
	}
	go func() {
		for round := 0; l.more(&round); {
			for _, in := range l.list() {
				l.look(in)
			}
		}
	}()
}

// more reports whether lookAll was called after the round that is over.
func (l *logins) more(round *int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *round == l.lookers {
		l.lookers = 0
		return false
	}
	*round = l.lookers
	return true
}

// list returns all logins.
func (l *logins) list() []*login {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*login, 0, len(l.known))
	for _, in := range l.known {
		all = append(all, in)
	}
	return all
}

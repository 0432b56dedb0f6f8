// Package session knows the users of the service by a cookie: alexedwards/scs keeps the sessions, and a socket ends with the login
// that it was opened under.
//
// In an HTTP handler, which [ws.Serve] serves beside the routes,
//
//	err := session.Login(r.Context(), userID) // who has shown a password
//	err := session.Logout(r.Context())        // closes the sockets of this login too, in every process
//
// and [Manager] keeps values of your own. A socket cannot set a cookie: sign in first, and connect then.
//
// The cookie is HttpOnly, SameSite=Lax and, except in debug, Secure under the prefix __Host-, so that neither a script nor another
// host of the domain nor a plain connection can have to do with it. A login renews its value. What a page of another origin asks
// for is refused, unless it only reads: see [ws.Origins.AllowsWrite].
package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"wsgen/templates/project/internal/ws"
)

// Auth is the [ws.Authenticator] that goes by sessions. It is safe for concurrent use.
type Auth struct {
	manager *scs.SessionManager
	logins  *logins
	origins ws.Origins
	debug   bool
}

// New returns the authenticator. The sessions are kept where the layer is, if it can keep them (see [Store]), and so hold in every
// process that shares it; otherwise in the memory of this process. The origins are those that may open a socket.
func New(c Config, origins ws.Origins, debug bool, layer *ws.Layer) *Auth {
	store, ok := layer.Backend().(Store)
	if !ok {
		store = new(memoryStore)
	}
	// Not scs.New, whose own store has a goroutine that never ends.
	m := &scs.SessionManager{
		Lifetime: c.Lifetime, IdleTimeout: c.IdleTimeout, Store: records{store}, Codec: scs.GobCodec{},
		Cookie: scs.SessionCookie{Name: c.Cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Persist: true},
	}
	if !debug {
		m.Cookie.Name, m.Cookie.Secure = "__Host-"+c.Cookie, true
	}
	return &Auth{manager: m, logins: &logins{layer: layer, expiry: records{store}.expiry}, origins: origins, debug: debug}
}

// Errors of this package, for errors.Is.
var (
	// ErrNoSession says that the request did not pass the session: something other than ws.Serve serves the handler.
	ErrNoSession = errors.New("session: the request has none; use the handlers that ws.Serve serves, or Users.Requests")
	// ErrNoCookie says that a login came where no cookie can be set.
	ErrNoCookie = errors.New("session: no cookie can be set: sign in within an HTTP handler, before it writes its answer")
)

// userKey is where the id of the user stands in a session.
const userKey = "ws.user"

// visit is what is known of the session of one request.
type visit struct {
	auth    *Auth
	out     *writer   // nil for a handshake
	loaded  string    // the key under which the session was found; "" where there was none
	expires time.Time // where it was found
	ends    time.Time // of the login as it was loaded, however much it is used
	failed  bool      // the store could not be asked
}

// visitKey is where it stands in the context of a request.
type visitKey struct{}

// visitOf returns nil where the request did not pass this package.
func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// Login signs a user in. The session gets a new token, so that nobody who knew the old one is signed in as well; what it holds
// stays, unless it was another user's. The request itself, and sockets that are open already, know of it from the next one on.
func Login(ctx context.Context, userID string) error {
	v := visitOf(ctx)
	switch {
	case v == nil:
		return ErrNoSession
	case userID == "":
		return errors.New("session: a user has an id")
	case v.out == nil || v.out.begun:
		return ErrNoCookie
	}
	m := v.auth.manager
	before := m.GetString(ctx, userKey)
	if before != "" && before != userID {
		if err := m.Clear(ctx); err != nil {
			return fmt.Errorf("session: login: %w", err)
		}
	}
	if err := m.RenewToken(ctx); err != nil {
		return fmt.Errorf("session: login: %w", err)
	}
	m.Put(ctx, userKey, userID)
	v.endSockets(ctx, before)
	return nil
}

// Logout deletes the session, and closes the sockets that were opened under it with 4401. A handler of a socket may call it too: the
// cookie stays then, and is worth nothing.
func Logout(ctx context.Context) error {
	v := visitOf(ctx)
	if v == nil {
		return ErrNoSession
	}
	m := v.auth.manager
	before := m.GetString(ctx, userKey)
	if err := m.Destroy(ctx); err != nil {
		return fmt.Errorf("session: logout: %w", err)
	}
	v.endSockets(ctx, before)
	return nil
}

// endSockets closes the sockets of a login that is over, where there was one.
func (v *visit) endSockets(ctx context.Context, userID string) {
	if userID != "" && v.loaded != "" {
		v.auth.logins.end(ctx, v.loaded, signedOut)
	}
}

// Manager returns what reads and sets the values of the session: Manager(ctx).GetString(ctx, "theme"). In a handler of a socket
// they are those of the handshake, and what is set there is not kept. It panics on a context that did not pass the session, as
// every method of the manager would.
func Manager(ctx context.Context) *scs.SessionManager {
	v := visitOf(ctx)
	if v == nil {
		panic(ErrNoSession)
	}
	return v.auth.manager
}

// Handshake implements [ws.Authenticator]. A handshake reads the session, and does not prolong it.
func (a *Auth) Handshake(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, token := &visit{auth: a}, a.token(r)
		var hold *watch
		if token != "" {
			var err error
			if hold, err = a.logins.enter(r.Context(), keyOf(token)); err != nil {
				a.refuse(w, r, next, err)
				return
			}
			defer hold.settle()
		}
		ctx, err := a.load(r.Context(), v, token)
		if err != nil {
			a.refuse(w, r, next, err)
			return
		}
		id := ws.Identity{UserID: a.manager.GetString(ctx, userKey)}
		if id.UserID != "" {
			id.Watch = func(end func(string)) func() { return hold.start(v.expires, end) }
		}
		next.ServeHTTP(w, r.WithContext(ws.WithIdentity(ctx, id)))
	})
}

// refuse hands on a handshake that cannot be judged, to be refused.
func (a *Auth) refuse(w http.ResponseWriter, r *http.Request, next http.Handler, err error) {
	slog.ErrorContext(r.Context(), "session: not looked up, so the handshake is refused", "error", err)
	refusal := ws.Deny(http.StatusServiceUnavailable, "the session could not be looked up")
	ctx, _ := a.load(r.Context(), &visit{auth: a}, "") // an empty one, for which nobody is asked
	next.ServeHTTP(w, r.WithContext(ws.WithIdentity(ctx, ws.Identity{Refusal: refusal})))
}

// Requests implements [ws.Authenticator]. It loads the session before the handler, and saves it before the answer.
func (a *Auth) Requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.origins.AllowsWrite(r, a.debug) {
			http.Error(w, "403 origin not allowed", http.StatusForbidden)
			return
		}
		w.Header().Add("Vary", "Cookie")
		out := &writer{ResponseWriter: w}
		ctx, err := a.load(r.Context(), &visit{auth: a, out: out}, a.token(r))
		if err != nil {
			slog.ErrorContext(ctx, "session: not looked up", "error", err)
			http.Error(w, "503 the session could not be looked up", http.StatusServiceUnavailable)
			return
		}
		out.commit = func() error { return a.commit(ctx, w) }
		id := ws.Identity{UserID: a.manager.GetString(ctx, userKey)}
		next.ServeHTTP(out, r.WithContext(ws.WithIdentity(ctx, id)))
		out.begin()
	})
}

// tokenLength is that of a token of package scs: 32 bytes in base64url.
const tokenLength = 43

// token returns what the cookie of a request holds; "" where that cannot be a token.
func (a *Auth) token(r *http.Request) string {
	cookie, err := r.Cookie(a.manager.Cookie.Name)
	if err != nil || len(cookie.Value) != tokenLength || !isToken(cookie.Value) { // there is no other error than that there is none
		return ""
	}
	return cookie.Value
}

// load returns a context with the session of a token; an empty one where there is none. A session that cannot be read, as after a
// change of what it holds, is none.
func (a *Auth) load(ctx context.Context, v *visit, token string) (context.Context, error) {
	ctx = context.WithValue(ctx, visitKey{}, v)
	loaded, err := a.manager.Load(ctx, token)
	switch {
	case err == nil:
		v.ends = a.manager.Deadline(loaded)
		return loaded, nil
	case v.failed:
		return ctx, fmt.Errorf("session: load: %w", err)
	}
	slog.WarnContext(ctx, "session: what is kept cannot be read, so its user has to sign in again", "error", err)
	v.loaded = ""
	return a.manager.Load(ctx, "")
}

// commit saves the session, if it was changed, and sets the cookie where that is another now: a request that was under way while
// its user signed in would else put the old token in place of the new. The cookie knows nothing of the idle timeout, which the
// store keeps.
func (a *Auth) commit(ctx context.Context, w http.ResponseWriter) error {
	switch a.manager.Status(ctx) {
	case scs.Modified:
		token, _, err := a.manager.Commit(ctx)
		if err != nil {
			return fmt.Errorf("session: save: %w", err)
		}
		v, ends := visitOf(ctx), a.manager.Deadline(ctx)
		if keyOf(token) != v.loaded || !ends.Equal(v.ends) {
			a.manager.WriteSessionCookie(ctx, w, token, ends)
		}
	case scs.Destroyed:
		a.manager.WriteSessionCookie(ctx, w, "", time.Time{})
	}
	return nil
}

package ws

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"sync"
)

// User is who sent a request, or the handshake of a socket.
type User struct {
	// ID is what the session or the token calls the user. It is never empty.
	ID string
	// Data is what [UserFinder] knows of the user; nil where there is no such method.
	Data any
}

// UserFinder is what consumers.Deps may implement: FindUser looks up the user whom a session or a token names, in your
// database for one. It is asked at each handshake, and by the first [UserOf] of an HTTP request.
//
// An error that is [ErrNoUser] means that nobody is signed in; one made by [Deny] refuses the handshake with that status. Any
// other is logged, and refuses it with 500, or closes with 1011 over wsgen.1.
type UserFinder interface {
	FindUser(ctx context.Context, id string) (any, error)
}

// ErrNoUser is what [UserFinder] returns, for errors.Is, where there is no such user any more.
var ErrNoUser = errors.New("ws: there is no such user")

// Identity is what an [Authenticator] found out about a request.
type Identity struct {
	// UserID names the user; "" where nobody is signed in.
	UserID string
	// Refusal, where it is set, refuses a handshake whatever its route asks for: a token was offered that does not hold, or
	// nobody could be asked. It is treated like an error of Connect.
	Refusal error
	// Watch, where it is set, is called at most once, for a handshake that may become a socket. It calls end when the login is
	// over, with the reason that the page is told, and stop is called when the socket has ended. end does not block, and may be
	// called at any time, from any goroutine.
	Watch func(end func(reason string)) (stop func())
}

// Authenticator finds out who sends a request, and says so by [WithIdentity]. Neither of its middlewares refuses anybody
// because of who it is: the router does that, so that a page on wsgen.1 hears why.
type Authenticator interface {
	// Handshake is the middleware of handshakes.
	Handshake(next http.Handler) http.Handler
	// Requests is the middleware of the HTTP handlers beside the routes.
	Requests(next http.Handler) http.Handler
}

// Users is how the service knows its users: by an authenticator, and by [UserFinder] where Deps has it. It is immutable, and
// so safe for concurrent use.
type Users struct {
	auth   Authenticator
	finder UserFinder // nil where there is none
}

// NewUsers returns the users that the authenticator tells. deps may implement [UserFinder], by its value or by a pointer to it.
// It panics on a method FindUser of another form: who was locked out would come in, as if there were none.
func NewUsers(auth Authenticator, deps any) *Users {
	finder, ok := deps.(UserFinder)
	if v := reflect.ValueOf(deps); !ok && v.IsValid() {
		// A method of the pointer is not one of the value, and would be passed over without a word.
		pointer := reflect.New(v.Type())
		pointer.Elem().Set(v)
		if finder, ok = pointer.Interface().(UserFinder); !ok {
			refuseMisfit(v)
			refuseMisfit(pointer)
		}
	}
	return &Users{auth: auth, finder: finder}
}

// refuseMisfit panics where deps has a method FindUser, which is not that of UserFinder.
func refuseMisfit(deps reflect.Value) {
	if method := deps.MethodByName("FindUser"); method.IsValid() {
		panic(fmt.Sprintf("ws: FindUser of %v is a %v; want a func(context.Context, string) (interface {}, error), see ws.UserFinder",
			deps.Type(), method.Type()))
	}
}

// Handshake is the [Middleware] that finds out who opens a socket. It belongs behind the check of the origin.
func (u *Users) Handshake(next http.Handler) http.Handler { return u.around(u.auth.Handshake(next)) }

// Requests does the same for HTTP handlers. [Serve] puts it around those beside the routes; use it where something else
// serves them, such as a test.
func (u *Users) Requests(next http.Handler) http.Handler { return u.around(u.auth.Requests(next)) }

// around lets WithIdentity know whom to ask.
func (u *Users) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), usersKey{}, u)))
	})
}

// Guard makes the router ask who opens a socket, and lets [Serve] tell HTTP handlers who is there. It returns the router. Call
// it once, before the router serves.
func (r *Router) Guard(u *Users) *Router {
	r.around = u.Requests
	r.tree.each(func(route *Route) {
		admit := route.options.admit
		route.options.admit = func(h *Handshake) error {
			if err := h.identify(); err != nil {
				return err
			}
			return admit(h)
		}
	})
	return r
}

// RequireUser refuses a handshake that nobody signed in has sent: 401, or the close code 4401 over wsgen.1.
func RequireUser() RouteOption {
	return func(o *routeOptions) {
		o.admit = func(h *Handshake) error {
			if h.scope.userID == "" {
				return Deny(http.StatusUnauthorized, "not signed in")
			}
			return nil
		}
	}
}

// each calls f for every route of the tree.
func (t *routeTree) each(f func(*Route)) {
	for _, below := range t.literals {
		below.each(f)
	}
	if t.param != nil {
		t.param.each(f)
	}
	for _, route := range []*Route{t.rest, t.route} {
		if route != nil {
			f(route)
		}
	}
}

// usersKey, requesterKey and presetKey are where a *Users, a *requester and the id of [WithUser] stand in the context of a request.
type (
	usersKey     struct{}
	requesterKey struct{}
	presetKey    struct{}
)

// requester is who sent a request. The user is looked up once, when somebody asks.
type requester struct {
	Identity
	finder UserFinder

	mu    sync.Mutex // guards the rest
	asked bool
	user  *User
	err   error
}

// WithIdentity returns a context that says who sent the request. It is for an [Authenticator].
func WithIdentity(ctx context.Context, id Identity) context.Context {
	if preset, ok := ctx.Value(presetKey{}).(string); ok {
		id = Identity{UserID: preset}
	}
	v := &requester{Identity: id}
	if u, ok := ctx.Value(usersKey{}).(*Users); ok {
		v.finder = u.finder
	}
	return context.WithValue(ctx, requesterKey{}, v)
}

// WithUser returns a context in which the user of that id is signed in, whatever the request says: nothing that a client sends
// can do that. It is for tests, and for what stands before the service and knows the user already.
func WithUser(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, presetKey{}, id)
}

// UserOf returns who sent the request that ctx belongs to, in an HTTP handler, a middleware or a handler of a socket; nil where
// nobody is signed in. It is nil as well, and logged, where FindUser fails.
func UserOf(ctx context.Context) *User {
	v, ok := ctx.Value(requesterKey{}).(*requester)
	if !ok {
		return nil
	}
	user, err := v.find(ctx)
	if err != nil {
		slog.ErrorContext(asNobody(ctx), "ws: user not found out", "error", err)
	}
	return user
}

// asNobody returns the context for what finds the user out: who asks there for the user, as a log that names him may, would wait
// for himself.
func asNobody(ctx context.Context) context.Context {
	return context.WithValue(ctx, requesterKey{}, nil)
}

// User returns who opened the socket; nil where nobody is signed in.
func (s *Scope) User() *User {
	if s.userID == "" {
		return nil
	}
	return &User{ID: s.userID, Data: s.userData}
}

// find returns the user; nil where nobody is signed in.
func (v *requester) find(ctx context.Context) (*User, error) {
	if v.UserID == "" {
		return nil, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.asked {
		return v.user, v.err
	}
	v.user, v.err = v.ask(ctx)
	v.asked = true
	return v.user, v.err
}

// ask asks FindUser, if there is one.
func (v *requester) ask(ctx context.Context) (*User, error) {
	if v.finder == nil {
		return &User{ID: v.UserID}, nil
	}
	data, err := v.finder.FindUser(asNobody(ctx), v.UserID)
	var deny *denyError
	switch {
	case err == nil:
		return &User{ID: v.UserID, Data: data}, nil
	case errors.Is(err, ErrNoUser):
		return nil, nil
	case errors.As(err, &deny):
		return nil, deny
	}
	return nil, fmt.Errorf("ws: find user %q: %v", clip(v.UserID), err) // not %w: whatever it is, it is no answer to a handshake
}

// identify finds out who opens a socket.
func (h *Handshake) identify() error {
	v, ok := h.base.Value(requesterKey{}).(*requester)
	if !ok {
		return nil
	}
	if v.Refusal != nil {
		return v.Refusal
	}
	user, err := v.find(h.ctx)
	if user == nil || err != nil {
		return err
	}
	h.scope.userID, h.scope.userData = user.ID, user.Data
	if v.Watch != nil {
		context.AfterFunc(h.ctx, v.Watch(h.loginOver))
	}
	return nil
}

// loginOver closes the socket, now or as soon as there is one: who has signed out is not listened to any more.
func (h *Handshake) loginOver(reason string) {
	go func() {
		<-h.answered
		h.mu.Lock()
		s := h.socket
		h.mu.Unlock()
		if s != nil {
			s.shut(ending{status: CloseStatus{Code: CodeUnauthorized, Reason: reason}, flush: true})
		}
	}()
}

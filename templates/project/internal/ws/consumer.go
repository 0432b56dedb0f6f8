package ws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// SyncConsumer is one connection's code whose handlers never overlap: Receive and Event run one at a time, first in, first
// out, so that its fields need no lock. Other sockets are never held up by it. There is one value per connection.
type SyncConsumer interface {
	// Connect decides about the connection. A nil error accepts it, if h.Accept has not done so already; [Deny] refuses it;
	// [Close] accepts and closes it. Any other error is logged, and refuses it with 500, or closes it with 1011 where it is
	// accepted already or the client is on wsgen.1. Connect returns before the first Receive or Event. ctx ends with the socket,
	// and before the accept also when the client goes away or the handshake takes too long.
	Connect(ctx context.Context, h *Handshake) error
	// Receive handles one message from the page. A nil error goes on; [Close] and [Deny] close the socket with their code; any
	// other error is logged and closes it with 1011, and so does a panic. ctx is cancelled, with a [CloseStatus] as its cause,
	// as soon as the end of the socket is seen, while Receive may still be running.
	//
	// In a service with streams the generated client sends a message again until Receive has returned, and Receive runs once
	// for it, whatever happens to the connection; only if its socket has ended and it returns context.Canceled or [ErrClosed],
	// it has given up, and runs again when the page is back. After 2 minutes, or a restart, a message may come twice.
	Receive(ctx context.Context, s *Socket, m Message) error
	// Disconnect runs once for every accepted socket, after its handlers have returned. Its groups are left already. ctx is
	// fresh, and cancelled when a stopping service runs out of time.
	Disconnect(ctx context.Context, st CloseStatus)
}

// AsyncConsumer is one connection's code whose handlers overlap: Receive and Event start in order of arrival, each on its
// own goroutine, as many at once as [Concurrency] says. Guard your fields. There is one value per connection.
type AsyncConsumer interface {
	// Connect is that of [SyncConsumer].
	Connect(ctx context.Context, h *Handshake) error
	// Receive handles one message or request from the page; r.Reply answers it.
	Receive(ctx context.Context, r *Request) error
	// Disconnect is that of [SyncConsumer].
	Disconnect(ctx context.Context, st CloseStatus)
}

// EventHandler is implemented by consumers that take events, see [Layer.Notify] and [Layer.NotifyTo]. Event is scheduled like
// Receive, and its error means the same.
type EventHandler interface {
	Event(ctx context.Context, s *Socket, e Event) error
}

// Middleware wraps the handshakes of every route, as in net/http. The values of the context it passes on reach every handler
// of the socket; what it does after next.ServeHTTP has returned happens right after the upgrade, not at the socket's end.
type Middleware = func(http.Handler) http.Handler

// Close codes that this package uses itself: RFC 6455, section 7.4.1, and the range for applications. A client made by wsgen
// comes back after 4000 to 4499 and stays away after 4500 to 4999.
const (
	CodeNormal        = 1000
	CodeGoingAway     = 1001
	CodeProtocolError = 1002
	CodeNoStatus      = 1005 // never on the wire: the peer gave no code
	CodeAbnormal      = 1006 // never on the wire: the connection was lost
	CodeInvalidText   = 1007
	CodePolicy        = 1008
	CodeTooBig        = 1009
	CodeInternalError = 1011
	CodeRestart       = 1012 // come back after a random delay
	CodeTryLater      = 1013
	CodeSlow          = 4008 // the socket could not keep up
	CodeUnauthorized  = 4401
	CodeForbidden     = 4503
	CodeReplaced      = 4509 // the same client has a newer connection
)

// CloseStatus says how a socket ended. As an error it is the cause of the cancelled context of its handlers, and it is
// [ErrClosed] for errors.Is.
type CloseStatus struct {
	Code   int    // RFC 6455, section 7.4; CodeNoStatus and CodeAbnormal included
	Reason string // of whoever ended it; may be empty
	Remote bool   // the peer ended it, or was lost
}

// ErrClosed is what sending to a socket that has ended returns, for errors.Is.
var ErrClosed = errors.New("ws: socket is closed")

// Error implements error.
func (st CloseStatus) Error() string {
	if st.Reason == "" {
		return fmt.Sprintf("ws: socket is closed: code %d", st.Code)
	}
	return fmt.Sprintf("ws: socket is closed: code %d: %s", st.Code, st.Reason)
}

// Is makes every CloseStatus an [ErrClosed].
func (st CloseStatus) Is(target error) bool { return target == ErrClosed }

// denyError is what Deny returns.
type denyError struct {
	status int
	reason string
}

func (e *denyError) Error() string {
	return fmt.Sprintf("ws: denied with status %d: %s", e.status, e.reason)
}

// closeError is what Close returns.
type closeError struct {
	code   int
	reason string
}

func (e *closeError) Error() string {
	return fmt.Sprintf("ws: close with code %d: %s", e.code, e.reason)
}

// Deny returns the error with which Connect refuses a connection. The client gets the HTTP status and the reason; a client
// on the subprotocol wsgen.1 is accepted and closed at once instead, since a browser hides a refused handshake from its page:
// 401 becomes 4401, 403 4503, 429 and 503 1013, and any other 1008. A status outside 400 to 599 is a mistake and becomes 500.
// After the accept, Deny closes with that same code.
func Deny(status int, reason string) error {
	if status < 400 || status > 599 {
		status = http.StatusInternalServerError
	}
	return &denyError{status: status, reason: reason}
}

// Close returns the error with which a handler closes its socket. Codes that may not be sent (see [Socket.Close]) become
// 1011. The reason is cut to the 123 bytes that a close frame has room for.
func Close(code int, reason string) error { return &closeError{code: code, reason: reason} }

// denyCode is the close code that stands for an HTTP status, for clients that cannot see the status.
func denyCode(status int) int {
	switch status {
	case http.StatusUnauthorized:
		return CodeUnauthorized
	case http.StatusForbidden:
		return CodeForbidden
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return CodeTryLater
	}
	return CodePolicy
}

// sendableCode reports whether a close frame may carry the code: RFC 6455, section 7.4, and the registry of IANA.
func sendableCode(code int) bool {
	switch {
	case code >= 3000 && code <= 4999:
		return true
	case code == 1004, code == CodeNoStatus, code == CodeAbnormal:
		return false
	}
	return code >= 1000 && code <= 1014
}

package ws

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Scope is what is known of a connection before it is accepted. It is immutable, and so safe for concurrent use: do not
// write to what it returns.
type Scope struct {
	route        *Route
	params       Params
	url          *url.URL
	host         string
	header       http.Header
	addr         netip.Addr
	subprotocols []string

	userID   string // "" where nobody is signed in, or the service knows no users
	userData any
}

// Route returns the pattern of the route, as in the spec: "/ws/chat/{room:slug}".
func (s *Scope) Route() string { return s.route.pattern }

// Params returns the parameters of the path.
func (s *Scope) Params() Params { return s.params }

// Path returns the path of the request, decoded.
func (s *Scope) Path() string { return s.url.Path }

// Query returns the values of the query string; pairs that cannot be read are left out.
func (s *Scope) Query() url.Values { return s.url.Query() }

// Host returns the host, and the port if there is one, that the client asked for.
func (s *Scope) Host() string { return s.host }

// Header returns the header of the request.
func (s *Scope) Header() http.Header { return s.header }

// Cookie returns the value of the first cookie of that name, and reports whether there is one.
func (s *Scope) Cookie(name string) (string, bool) {
	r := http.Request{Header: s.header}
	c, err := r.Cookie(name)
	if err != nil { // http.ErrNoCookie is the only one
		return "", false
	}
	return c.Value, true
}

// ClientAddr returns the client's address, see the function [ClientAddr]. It is the zero Addr where there is none.
func (s *Scope) ClientAddr() netip.Addr { return s.addr }

// Subprotocols returns the application's subprotocols that the client offered, in its order. Accept one of them with
// [Subprotocol]. Those of wsgen itself are not among them.
func (s *Scope) Subprotocols() []string { return s.subprotocols }

// The subprotocols of wsgen. A browser fails a handshake that selects none of its offers, hence protocolRaw for pages that
// offer one only to carry something else.
const (
	protocolPrefix = "wsgen." // every offer of this form is wsgen's, tokens among them
	protocolV1     = "wsgen.1"
	protocolRaw    = "wsgen.raw"
)

// splitOffers parts the client's offers into the one of wsgen that is chosen, "" for none, and the application's.
func splitOffers(header http.Header) (ours string, theirs []string) {
	for _, line := range header.Values("Sec-Websocket-Protocol") {
		for _, offer := range strings.Split(line, ",") {
			offer = strings.TrimSpace(offer)
			switch {
			case offer == "":
			case !strings.HasPrefix(offer, protocolPrefix):
				theirs = append(theirs, offer)
			case ours == "" && (offer == protocolV1 || offer == protocolRaw):
				ours = offer
			}
		}
	}
	return ours, theirs
}

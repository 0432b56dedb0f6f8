package ws

import (
	"encoding/binary"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Scope is what is known of a connection before it is accepted. It is immutable, and so safe for concurrent use: do not
// write to what it returns, copies aside.
type Scope struct {
	route        *Route
	params       Params
	path, query  string
	host         string
	header       packedHeader
	addr         netip.Addr
	subprotocols []string
	userID       string // "" where nobody is signed in, or the service knows no users
	userData     any
}

// Route returns the pattern of the route, as in the spec: "/ws/chat/{room:slug}".
func (s *Scope) Route() string { return s.route.pattern }

// Params returns the parameters of the path.
func (s *Scope) Params() Params { return s.params }

// Path returns the path of the request, decoded.
func (s *Scope) Path() string { return s.path }

// Query returns the values of the query string; pairs that cannot be read are left out.
func (s *Scope) Query() url.Values {
	values, _ := url.ParseQuery(s.query) // its error tells of the first of these pairs
	return values
}

// Host returns the host, and the port if there is one, that the client asked for.
func (s *Scope) Host() string { return s.host }

// Header returns the header of the request: a copy.
func (s *Scope) Header() http.Header { return s.header.unpack() }

// Cookie returns the value of the first cookie of that name, and reports whether there is one.
func (s *Scope) Cookie(name string) (string, bool) {
	r := http.Request{Header: s.header.unpack()}
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

// packedHeader is a header in a single piece of memory. Every socket keeps one, few are asked for it, and as a map it takes three
// times as much. Keys and values stand one behind the other, each after its length.
type packedHeader []byte

// packHeader packs a header.
func packHeader(h http.Header) packedHeader {
	size := 0
	for key, values := range h {
		for _, value := range values {
			size += len(key) + len(value) + 2*binary.MaxVarintLen16
		}
	}
	p := make(packedHeader, 0, size)
	for key, values := range h {
		for _, value := range values {
			p = p.append(key).append(value)
		}
	}
	return p
}

func (p packedHeader) append(text string) packedHeader {
	return append(binary.AppendUvarint(p, uint64(len(text))), text...)
}

// unpack returns the header.
func (p packedHeader) unpack() http.Header {
	h := make(http.Header)
	for len(p) > 0 {
		var key, value string
		key, p = p.cut()
		value, p = p.cut()
		h[key] = append(h[key], value)
	}
	return h
}

// cut returns the first text, and what follows it.
func (p packedHeader) cut() (string, packedHeader) {
	n, width := binary.Uvarint(p)
	p = p[width:]
	return string(p[:n]), p[n:]
}

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

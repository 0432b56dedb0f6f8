package ws

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// sameHostWord stands in a list of origins for the host that the request itself was sent to.
const sameHostWord = "same-host"

// Origins says which pages may open a socket. The zero value allows the pages of the request's own host and port. It is
// immutable, and so safe for concurrent use.
//
// The patterns are those of Django Channels' AllowedHostsOriginValidator: "*" (every client), "example.com" (any scheme
// and port), ".example.com" (the domain and its subdomains), "https://example.com:8443" (scheme, host and port; the
// defaults are 80 and 443), "https://.example.com". Two words more: "same-host", and a list without a pattern, mean the
// request's own host and port. What could never match is an error, instead of a service that refuses everybody.
//
// Name your hosts where the service is reached without a proxy that checks the Host header: a page whose domain an attacker
// points at the service's address has the request's own host, though never your cookies (DNS rebinding).
type Origins struct {
	any      bool // "*" is in the list
	sameHost bool // "same-host" is in the list, or the list is empty
	patterns []originPattern
	texts    []string // as they were given, for String
}

// originPattern is one pattern other than a word.
type originPattern struct {
	origin          // scheme is empty, and port 0, where any will do
	subdomains bool // host stands for its subdomains too
}

// origin is the scheme, host and port of a page (RFC 6454, section 4), in lower case.
type origin struct {
	scheme string
	host   string // without the brackets of an IPv6 address
	port   int    // 0 where none is given and the scheme has no default
}

// ParseOrigins reads patterns. Its error names every pattern that could never match, and what to write instead.
func ParseOrigins(patterns []string) (Origins, error) {
	o := Origins{texts: slices.Clone(patterns)}
	var errs []error
	for _, text := range patterns {
		switch text {
		case "*":
			o.any = true
		case sameHostWord:
			o.sameHost = true
		default:
			p, err := parsePattern(text)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			o.patterns = append(o.patterns, p)
		}
	}
	if len(errs) > 0 {
		return Origins{}, errors.Join(errs...)
	}
	return o, nil
}

// UnmarshalText reads the form of the environment: patterns separated by commas, blanks around them ignored.
func (o *Origins) UnmarshalText(text []byte) error {
	var patterns []string
	for _, p := range strings.Split(string(text), ",") {
		if p = strings.TrimSpace(p); p != "" {
			patterns = append(patterns, p)
		}
	}
	parsed, err := ParseOrigins(patterns)
	if err != nil {
		return err
	}
	*o = parsed
	return nil
}

// String returns the form that UnmarshalText reads.
func (o Origins) String() string {
	if len(o.texts) == 0 {
		return sameHostWord
	}
	return strings.Join(o.texts, ",")
}

// OriginValidator refuses a request whose page is not allowed to open a socket: 403, and a line in the log that names the
// origin and the setting. Browsers tell the page's origin with every handshake, and let no page forge it; without this
// check any page in the world could open a socket with the cookies of your users.
//
// A request without an Origin passes where it carries an Authorization header, which no browser lets a page set on a
// handshake: that is how other programs connect. In debug, where a list allows the request's own host, it allows
// localhost, 127.0.0.1 and [::1] on any port too, so that a page may come from a development server.
func OriginValidator(allowed Origins, debug bool) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if allowed.allow(r, debug) {
				next.ServeHTTP(w, r)
				return
			}
			allowed.deny(w, r)
		})
	}
}

// deny answers a request from elsewhere.
func (o Origins) deny(w http.ResponseWriter, r *http.Request) {
	slog.WarnContext(r.Context(), "origin denied; add it to ALLOWED_ORIGINS if it is yours",
		"origin", clip(strings.Join(r.Header.Values("Origin"), ", ")), "host", clip(r.Host), "path", clip(r.URL.Path),
		"allowed_origins", o.String())
	http.Error(w, "403 origin not allowed", http.StatusForbidden)
}

// allow judges one request.
func (o Origins) allow(r *http.Request, debug bool) bool {
	if o.any {
		return true
	}
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return r.Header.Get("Authorization") != ""
	}
	from, err := parseOrigin(values[0])
	if err != nil || len(values) > 1 {
		return false
	}
	if slices.ContainsFunc(o.patterns, func(p originPattern) bool { return p.match(from) }) {
		return true
	}
	if len(o.patterns) > 0 && !o.sameHost {
		return false
	}
	return from.sameHost(r.Host) || debug && from.loopback()
}

// match reports whether the pattern covers a page's origin.
func (p originPattern) match(from origin) bool {
	if p.scheme != "" && (p.scheme != from.scheme || p.port != from.port) {
		return false
	}
	return from.host == p.host || p.subdomains && strings.HasSuffix(from.host, "."+p.host)
}

// sameHost reports whether a page's origin is the host that the request was sent to. A Host without a port has the default
// port of the page's scheme: behind a proxy that ends TLS the service cannot know the scheme itself.
func (from origin) sameHost(host string) bool {
	if from.scheme != "http" && from.scheme != "https" {
		return false
	}
	to, err := parseOrigin(from.scheme + "://" + host)
	return err == nil && to == from
}

// loopback reports whether the page comes from this machine's own web server.
func (from origin) loopback() bool {
	if from.scheme != "http" && from.scheme != "https" {
		return false
	}
	return from.host == "localhost" || from.host == "127.0.0.1" || from.host == "::1"
}

// parsePattern reads a pattern that is not a word.
func parsePattern(text string) (originPattern, error) {
	scheme, rest, hasScheme := strings.Cut(lowerASCII(text), "://")
	if hasScheme {
		scheme += "://"
		rest = strings.TrimSuffix(rest, "/") // as an address is copied from a browser
	} else {
		scheme, rest = "", scheme
	}
	switch {
	case text == "" || strings.ContainsAny(text, " \t\r\n,"):
		return originPattern{}, fmt.Errorf("%q is not one origin: write for example https://example.com", text)
	case strings.EqualFold(text, "null"):
		return originPattern{}, errors.New(`"null" cannot be allowed, every sandboxed page is called that: remove it`)
	case scheme == "ws://" || scheme == "wss://":
		return originPattern{}, fmt.Errorf("%q never matches, a page has the scheme http or https: write %q",
			text, "http"+scheme[2:]+rest)
	case strings.HasPrefix(rest, "*."):
		return originPattern{}, fmt.Errorf("%q never matches: write %q for the domain and its subdomains", text, scheme+rest[1:])
	}
	rest, subdomains := strings.CutPrefix(rest, ".")
	var at origin
	var err error
	if hasScheme {
		at, err = parseOrigin(scheme + rest)
	} else {
		at, err = parseBareHost(rest)
	}
	if err != nil {
		return originPattern{}, fmt.Errorf("%q is not an origin: %w", text, err)
	}
	return originPattern{origin: at, subdomains: subdomains}, nil
}

// parseBareHost reads a pattern without a scheme. It stands for every port, so one that names a port is refused: Channels
// takes such a pattern and then never matches it.
func parseBareHost(text string) (origin, error) {
	if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
		return origin{host: ip.String()}, nil // "::1" too, though its colons look like a port's
	}
	host, port, err := splitHost(text)
	if err != nil {
		return origin{}, err
	}
	if port != 0 {
		return origin{}, fmt.Errorf("a port needs a scheme: write %q or %q", "https://"+text, "http://"+text)
	}
	return origin{host: host}, nil
}

// parseOrigin reads an origin as RFC 6454, section 6.2, serialises it: scheme, host and, unless it is the default, port.
func parseOrigin(text string) (origin, error) {
	scheme, rest, ok := strings.Cut(lowerASCII(text), "://")
	if !ok || !isScheme(scheme) {
		return origin{}, errors.New("write a scheme first, for example https://example.com")
	}
	host, port, err := splitHost(rest)
	if err != nil {
		return origin{}, err
	}
	if port == 0 {
		port = defaultPort(scheme)
	}
	return origin{scheme: scheme, host: host, port: port}, nil
}

// splitHost parts a host in lower case from its port, which is 0 where there is none.
func splitHost(text string) (host string, port int, err error) {
	host = text
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host = text[:i]
		p, err := strconv.ParseUint(text[i+1:], 10, 16)
		if err != nil || p == 0 {
			return "", 0, errors.New("a port is a number from 1 to 65535")
		}
		port = int(p)
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		ip, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || !ip.Is6() || ip.Zone() != "" || !strings.HasSuffix(inner, "]") {
			return "", 0, errors.New("what stands in brackets is an IPv6 address, for example [::1]")
		}
		return ip.String(), port, nil
	}
	if !isHost(host) {
		return "", 0, errors.New("write the host alone, without a path, and in ASCII as browsers send it (xn--… for other scripts)")
	}
	return host, port, nil
}

// lowerASCII is strings.ToLower for ASCII alone: the lower case of the Kelvin sign is an ASCII k, and that is another host.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

// isScheme reports whether s is a scheme in lower case (RFC 3986, section 3.1).
func isScheme(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return s != ""
}

// isHost reports whether s can be the host of an origin: a name in lower case, or an IPv4 address.
func isHost(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_') {
			return false
		}
	}
	return s != "" && s[0] != '.'
}

// defaultPort returns the port that an origin of the scheme leaves out, 0 where there is no such port.
func defaultPort(scheme string) int {
	switch scheme {
	case "http":
		return 80
	case "https":
		return 443
	}
	return 0
}

// clip bounds what a client may write into the log.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

package model

import (
	"net/netip"
	"strconv"
	"strings"

	"wsgen/generator/spec"
)

// checkOrigin judges one allowed origin. The forms are those of Django Channels' AllowedHostsOriginValidator; what would
// never match there is refused here. The emitted service has the same rules for the list that its environment gives it.
func checkOrigin(text string) problem {
	lower := strings.ToLower(text)
	scheme, rest, hasScheme := strings.Cut(lower, "://")
	if !hasScheme {
		scheme, rest = "", lower
	} else {
		rest = strings.TrimSuffix(rest, "/") // as an address is copied from a browser
	}
	prefix := lower[:strings.Index(lower, rest)]
	switch {
	case text == "*" || text == "same-host":
		return problem{}
	case text == "":
		return problem{"is empty", "write https://example.com, or remove it"}
	case strings.ContainsAny(text, ", \t\r\n"):
		return problem{"is not one origin", "write each as an item of the list"}
	case lower == "null":
		return problem{"cannot be allowed, for every sandboxed page is called that", "remove it"}
	case strings.IndexFunc(text, func(r rune) bool { return r < '!' || r > '~' }) >= 0:
		return problem{"is not in the form that browsers send", "write the host in its ASCII form, which starts with xn--"}
	case scheme == "ws" || scheme == "wss":
		return problem{"never matches, for a page has the scheme http or https",
			"write " + spec.Quote("http"+strings.TrimPrefix(scheme, "ws")+"://"+rest)}
	case hasScheme && !isScheme(scheme):
		return problem{"has no scheme that an origin can have", "write https://example.com"}
	case strings.HasPrefix(rest, "*."):
		return problem{"never matches", "write " + spec.Quote(prefix+rest[1:]) + " for the domain and its subdomains"}
	case strings.ContainsAny(rest, "/?#"):
		return problem{"has a path, which no origin has", "write " + spec.Quote(prefix+rest[:strings.IndexAny(rest, "/?#")])}
	case strings.Contains(rest, "@"):
		return problem{"has a user name, which no origin has", "write " + spec.Quote(prefix+rest[strings.LastIndex(rest, "@")+1:])}
	}
	return checkHostPort(scheme, strings.TrimPrefix(rest, "."), text)
}

// checkHostPort judges the host of an origin, and its port where there is a scheme.
func checkHostPort(scheme, rest, text string) problem {
	if ip, err := netip.ParseAddr(rest); err == nil && ip.Is6() {
		return problem{"is an IPv6 address without brackets", `write "[` + rest + `]" with the quotes`}
	}
	host, port, hasPort := rest, "", false
	if colon := strings.LastIndexByte(rest, ':'); colon > strings.LastIndexByte(rest, ']') {
		host, port, hasPort = rest[:colon], rest[colon+1:], true
	}
	if !isHost(host) {
		return problem{"has no host", "write https://example.com, example.com or .example.com"}
	}
	if !hasPort {
		return problem{}
	}
	if scheme == "" {
		with := "https://"
		if host == "localhost" || strings.HasPrefix(host, "127.") || strings.HasPrefix(host, "[") {
			with = "http://"
		}
		return problem{"never matches, for without a scheme the host alone is compared",
			"write " + spec.Quote(with+text) + ", or " + spec.Quote(host) + " for every port"}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return problem{"has no port from 1 to 65535 after the colon",
			"write " + spec.Quote(scheme+"://"+host) + " for the scheme's own port"}
	}
	return problem{}
}

// isScheme reports whether s is a scheme in lower case (RFC 3986, section 3.1).
func isScheme(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || !isLowerOrDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// isHost reports whether s is a host in lower case: a name, an IPv4 address, or an IPv6 address in brackets.
func isHost(s string) bool {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		ip, err := netip.ParseAddr(inner)
		return ok && err == nil && ip.Is6() && ip.Zone() == ""
	}
	const longest = 253 // of a name in DNS (RFC 1035, section 2.3.4)
	if s == "" || len(s) > longest {
		return false
	}
	for _, label := range strings.Split(strings.TrimSuffix(s, "."), ".") { // a final dot is the root of DNS
		if label == "" || strings.IndexFunc(label, func(r rune) bool { return r != '-' && r != '_' && !isLowerOrDigit(byte(r)) }) >= 0 {
			return false
		}
	}
	return true
}

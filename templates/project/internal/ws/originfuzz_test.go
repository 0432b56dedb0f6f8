package ws

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// originRules is the six rules of who may open a socket, written a second time and as they are told: by regular expressions.
type originRules struct {
	everybody, sameHost bool
	patterns            []rulePattern
}

// rulePattern is one pattern; scheme and port count only where there is a scheme.
type rulePattern struct {
	scheme, host string
	port         int
	subdomains   bool
}

var (
	ruleOrigin = regexp.MustCompile(`^([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]*:[0-9a-f:.]*\]|[a-z0-9_-][a-z0-9._-]*)(?::([0-9]+))?$`)
	ruleHost   = regexp.MustCompile(`^(\[[0-9a-f:.]*:[0-9a-f:.]*\]|[a-z0-9_-][a-z0-9._-]*)$`)
	upperCase  = regexp.MustCompile(`[A-Z]+`)
)

// readRule reads scheme, host and port, in lower case.
func readRule(text string) (p rulePattern, ok bool) {
	m := ruleOrigin.FindStringSubmatch(upperCase.ReplaceAllStringFunc(text, strings.ToLower))
	if m == nil {
		return p, false
	}
	p = rulePattern{scheme: m[1], host: m[2], port: map[string]int{"http": 80, "https": 443}[m[1]]}
	if m[3] != "" {
		n, err := strconv.Atoi(m[3])
		if err != nil || n < 1 || n > 65535 {
			return p, false
		}
		p.port = n
	}
	p.host, ok = ruleAddress(p.host)
	return p, ok
}

// ruleAddress brings an IPv6 address into its one form.
func ruleAddress(host string) (string, bool) {
	inner, bracket := strings.CutPrefix(host, "[")
	if !bracket {
		return host, true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
	return ip.String(), err == nil
}

// readRules reads a list. It reports false where one of its patterns could never match.
func readRules(list []string) (r originRules, ok bool) {
	r.sameHost = true
	for _, text := range list {
		lower := upperCase.ReplaceAllStringFunc(text, strings.ToLower)
		switch {
		case text == "*":
			r.everybody = true
			continue
		case text == "same-host":
			continue
		case strings.ContainsAny(text, " \t\r\n,") || lower == "null" || strings.HasPrefix(lower, "ws://") || strings.HasPrefix(lower, "wss://"):
			return r, false
		}
		p, ok := readPattern(lower)
		if !ok {
			return r, false
		}
		r.patterns = append(r.patterns, p)
	}
	r.sameHost = len(r.patterns) == 0 || strings.Contains("\n"+strings.Join(list, "\n")+"\n", "\nsame-host\n")
	return r, true
}

// readPattern reads one that is no word.
func readPattern(text string) (p rulePattern, ok bool) {
	scheme, rest, named := strings.Cut(text, "://")
	if named {
		rest, dot := strings.CutPrefix(strings.TrimSuffix(rest, "/"), ".")
		p, ok = readRule(scheme + "://" + rest)
		p.subdomains = dot
		return p, ok
	}
	rest, dot := strings.CutPrefix(text, ".")
	if ip, err := netip.ParseAddr(rest); err == nil && ip.Is6() && ip.Zone() == "" {
		return rulePattern{host: ip.String(), subdomains: dot}, true
	}
	if !ruleHost.MatchString(rest) {
		return p, false
	}
	rest, ok = ruleAddress(rest)
	return rulePattern{host: rest, subdomains: dot}, ok
}

// allow judges a request with one Origin, or none.
func (r originRules) allow(from string, none, authorized bool, host string, debug bool) bool {
	if r.everybody { // 1
		return true
	}
	if none { // 2
		return authorized
	}
	at, ok := readRule(from)
	if !ok { // 2
		return false
	}
	for _, p := range r.patterns { // 3 to 6
		hosts := at.host == p.host || p.subdomains && strings.HasSuffix(at.host, "."+p.host)
		if hosts && (p.scheme == "" || p.scheme == at.scheme && p.port == at.port) {
			return true
		}
	}
	if !r.sameHost || at.scheme != "http" && at.scheme != "https" {
		return false
	}
	own, ok := readRule(at.scheme + "://" + host)
	return ok && own == at || debug && (at.host == "localhost" || at.host == "127.0.0.1" || at.host == "::1")
}

// FuzzOriginRules: whatever the list, the origin and the host, the answer is that of the rules, and a pattern is refused where they
// could never let anybody pass by it.
func FuzzOriginRules(f *testing.F) {
	for _, seed := range []struct{ list, from, host string }{
		{"*", "null", "x"}, // 1
		{"example.com", "", "example.com"},
		{"example.com", "null", "null"}, // 2
		{"example.com", "https://evil.test@example.com", ""},
		{"example.com", "http://example.com:8123", ""}, // 3
		{"::1\n[::2]", "http://[0::1]:5000", ""},
		{"https://example.com\nhttp://example.com:80", "https://example.com:443", ""}, // 4
		{"https://example.com", "https://example.com:8443", ""},
		{".example.com\nhttps://.example.org:1", "https://a.b.example.com:99", ""}, // 5
		{".example.com", "https://badexample.com", ""},
		{"HTTPS://Example.COM/", "hTTps://exaMple.com", ""}, // 6
		{"bank.test", "https://ban\u212a.test", ""},         // the Kelvin sign, whose lower case is k
		{"", "https://example.com", "example.com"},
		{"", "https://example.com:8443", "EXAMPLE.com:8443"},
		{"same-host\nhttps://a.test", "http://localhost:5173", "b.test"},
		{"*.example.com", "https://a.example.com", ""},
		{"example.com:80", "http://example.com", ""},
		{"wss://example.com", "https://example.com", ""},
	} {
		f.Add(seed.list, seed.from, seed.host, false, false)
		f.Add(seed.list, seed.from, seed.host, true, true)
	}
	f.Fuzz(func(t *testing.T, lines, from, host string, authorized, debug bool) {
		var list []string
		if lines != "" {
			list = strings.Split(lines, "\n")
		}
		rules, legal := readRules(list)
		o, err := ParseOrigins(list)
		if (err == nil) != legal {
			t.Fatalf("ParseOrigins(%q): %v; by the rules it is legal: %v", list, err, legal)
		}
		if !legal {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		if authorized {
			r.Header.Set("Authorization", "Bearer x")
		}
		for _, none := range []bool{false, true} {
			if r.Header.Set("Origin", from); none {
				r.Header.Del("Origin")
			}
			if got, want := o.allow(r, debug), rules.allow(from, none, authorized, host, debug); got != want {
				t.Errorf("%q, origin %q (none: %v), host %q, authorized %v, debug %v: allowed %v, by the rules %v",
					list, from, none, host, authorized, debug, got, want)
			}
		}
	})
}

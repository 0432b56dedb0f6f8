package ws

import (
	"bytes"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// originCase is one request against one list of patterns.
type originCase struct {
	name    string
	allowed string // as in ALLOWED_ORIGINS
	origin  string // the header; "-" for none
	host    string // the request's; "example.com" when empty
	auth    bool   // with an Authorization header
	debug   bool
	want    bool
}

func TestOriginRules(t *testing.T) {
	tests := []originCase{
		// 1. A star allows everything.
		{name: "star", allowed: "*", origin: "https://evil.test", want: true},
		{name: "star, no origin", allowed: "*", origin: "-", want: true},
		{name: "star, null", allowed: "*", origin: "null", want: true},
		{name: "star, garbage", allowed: "*", origin: "::::", want: true},
		{name: "star among others", allowed: "https://a.test,*", origin: "https://b.test", want: true},

		// 2. Missing, null and unparsable origins are refused.
		{name: "missing", allowed: "example.com", origin: "-"},
		{name: "missing, same host", origin: "-"},
		{name: "missing, with Authorization", allowed: "example.com", origin: "-", auth: true, want: true},
		{name: "missing, same host, with Authorization", origin: "-", auth: true, want: true},
		{name: "foreign, with Authorization", allowed: "example.com", origin: "https://evil.test", auth: true},
		{name: "null, with Authorization", allowed: "example.com", origin: "null", auth: true},
		{name: "null", allowed: "example.com", origin: "null"},
		{name: "null, same host", origin: "null", host: "null"},
		{name: "empty", allowed: "example.com", origin: ""},
		{name: "no scheme", allowed: "example.com", origin: "example.com"},
		{name: "no host", allowed: "example.com", origin: "https://"},
		{name: "with a path", allowed: "example.com", origin: "https://example.com/"},
		{name: "with a query", allowed: "example.com", origin: "https://example.com?x"},
		{name: "with a user", allowed: "example.com", origin: "https://example.com@evil.test"},
		{name: "with a user before the host", allowed: "example.com", origin: "https://evil.test@example.com"},
		{name: "with a backslash", allowed: "example.com", origin: `https://evil.test\.example.com`},
		{name: "port without a number", allowed: "example.com", origin: "https://example.com:"},
		{name: "port out of range", allowed: "example.com", origin: "https://example.com:65536"},
		{name: "port zero", allowed: "example.com", origin: "https://example.com:0"},

		// 3. Without a scheme the host alone counts.
		{name: "host, https", allowed: "example.com", origin: "https://example.com", want: true},
		{name: "host, http", allowed: "example.com", origin: "http://example.com", want: true},
		{name: "host, any port", allowed: "example.com", origin: "http://example.com:8123", want: true},
		{name: "host, any scheme", allowed: "example.com", origin: "chrome-extension://example.com", want: true},
		{name: "host, another", allowed: "example.com", origin: "https://example.org"},
		{name: "host, a subdomain", allowed: "example.com", origin: "https://www.example.com"},
		{name: "host as a suffix", allowed: "example.com", origin: "https://notexample.com"},
		{name: "host as a prefix", allowed: "example.com", origin: "https://example.com.evil.test"},
		{name: "IPv4", allowed: "192.0.2.1", origin: "http://192.0.2.1:5000", want: true},
		{name: "IPv6 in brackets", allowed: "[::1]", origin: "http://[::1]:5000", want: true},
		{name: "IPv6 bare", allowed: "::1", origin: "http://[::1]:5000", want: true},
		{name: "IPv6 written longer", allowed: "[0:0::1]", origin: "http://[::1]", want: true},

		// 4. With a scheme, scheme and port must be equal too.
		{name: "exact", allowed: "https://example.com", origin: "https://example.com", want: true},
		{name: "default port in the pattern", allowed: "https://example.com:443", origin: "https://example.com", want: true},
		{name: "default port in the origin", allowed: "http://example.com", origin: "http://example.com:80", want: true},
		{name: "other scheme", allowed: "https://example.com", origin: "http://example.com"},
		{name: "other scheme, same port", allowed: "https://example.com", origin: "http://example.com:443"},
		{name: "other port", allowed: "https://example.com", origin: "https://example.com:8443"},
		{name: "port", allowed: "https://example.com:8443", origin: "https://example.com:8443", want: true},
		{name: "port, default asked", allowed: "https://example.com:8443", origin: "https://example.com"},
		{name: "trailing slash", allowed: "https://example.com/", origin: "https://example.com", want: true},
		{name: "an extension", allowed: "chrome-extension://abc", origin: "chrome-extension://abc", want: true},

		// 5. A leading dot covers the domain and its subdomains.
		{name: "dot, the domain", allowed: ".example.com", origin: "https://example.com", want: true},
		{name: "dot, a subdomain", allowed: ".example.com", origin: "https://a.b.example.com:99", want: true},
		{name: "dot, another", allowed: ".example.com", origin: "https://badexample.com"},
		{name: "dot and scheme, a subdomain", allowed: "https://.example.com", origin: "https://a.example.com", want: true},
		{name: "dot and scheme, other scheme", allowed: "https://.example.com", origin: "http://a.example.com"},
		{name: "dot and scheme, other port", allowed: "https://.example.com", origin: "https://a.example.com:444"},

		// 6. Case does not matter.
		{name: "case of the origin", allowed: "https://example.com", origin: "HTTPS://EXAMPLE.com", want: true},
		{name: "case of the pattern", allowed: "HTTPS://Example.COM", origin: "https://example.com", want: true},

		// An empty list, and same-host, mean the host and port of the request.
		{name: "same host", origin: "http://example.com", want: true},
		{name: "same host in other case", origin: "http://Example.com", host: "EXAMPLE.com", want: true},
		{name: "same host behind TLS", origin: "https://example.com", want: true},
		{name: "same host, port", origin: "http://example.com:8080", host: "example.com:8080", want: true},
		{name: "same host, default port named", origin: "https://example.com", host: "example.com:443", want: true},
		{name: "same host, other port", origin: "http://example.com:8081", host: "example.com:8080"},
		{name: "same host, other default port", origin: "https://example.com", host: "example.com:80"},
		{name: "same host, port forgotten by a proxy", origin: "https://example.com:8443", host: "example.com"},
		{name: "same host, other host", origin: "http://evil.test"},
		{name: "same host, other scheme", origin: "chrome-extension://example.com"},
		{name: "same host, IPv6", origin: "http://[::1]:8080", host: "[::1]:8080", want: true},
		{name: "same host, empty host", origin: "http://example.com", host: " "},
		{name: "the word", allowed: "same-host", origin: "http://example.com", want: true},
		{name: "the word, other host", allowed: "same-host", origin: "http://evil.test"},
		{name: "the word with others, its host", allowed: "same-host,https://a.test", origin: "http://example.com", want: true},
		{name: "the word with others, theirs", allowed: "same-host,https://a.test", origin: "https://a.test", want: true},
		{name: "a list, the request's host", allowed: "https://a.test", origin: "http://example.com"},
		{name: "blanks and commas", allowed: " , https://a.test ,, ", origin: "https://a.test", want: true},

		// In debug a list that allows the request's host allows this machine on any port.
		{name: "debug, localhost", origin: "http://localhost:5173", debug: true, want: true},
		{name: "debug, 127.0.0.1", origin: "http://127.0.0.1:3000", debug: true, want: true},
		{name: "debug, [::1]", origin: "https://[::1]:3000", debug: true, want: true},
		{name: "debug, other host", origin: "http://evil.test", debug: true},
		{name: "debug, localhost as a label", origin: "http://localhost.evil.test", debug: true},
		{name: "debug, other scheme", origin: "capacitor://localhost", debug: true},
		{name: "debug, a list", allowed: "https://a.test", origin: "http://localhost:5173", debug: true},
		{name: "no debug, localhost", origin: "http://localhost:5173"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, log := askOrigin(t, tt)
			if got := status == http.StatusTeapot; got != tt.want {
				t.Fatalf("allowed = %v (status %d), want %v", got, status, tt.want)
			}
			if !tt.want && (status != http.StatusForbidden || !strings.Contains(log, "ALLOWED_ORIGINS")) {
				t.Errorf("denied with status %d and log %q, want 403 and the name of the setting", status, log)
			}
			if !tt.want && tt.origin == "https://evil.test" && !strings.Contains(log, tt.origin) {
				t.Errorf("log %q does not name the origin", log)
			}
		})
	}
}

// askOrigin sends one request through the validator and returns the status and what was logged.
func askOrigin(t *testing.T, c originCase) (status int, logged string) {
	t.Helper()
	var allowed Origins
	if err := allowed.UnmarshalText([]byte(c.allowed)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	oldSlog, oldOutput, oldFlags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer func() { // SetDefault has turned package log's output over to the new logger, and does not turn it back
		slog.SetDefault(oldSlog)
		log.SetOutput(oldOutput)
		log.SetFlags(oldFlags)
	}()

	r := httptest.NewRequest(http.MethodGet, "http://example.com/ws/echo", nil)
	if c.host != "" {
		r.Host = c.host
	}
	if c.origin != "-" {
		r.Header.Set("Origin", c.origin)
	}
	if c.auth {
		r.Header.Set("Authorization", "Bearer x")
	}
	w := httptest.NewRecorder()
	OriginValidator(allowed, c.debug)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	})).ServeHTTP(w, r)
	return w.Code, out.String()
}

func TestTwoOriginHeadersAreDenied(t *testing.T) {
	o, err := ParseOrigins([]string{"https://a.test"})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header["Origin"] = []string{"https://a.test", "https://evil.test"}
	if o.allow(r, false) {
		t.Error("a request with two origins was allowed by its first")
	}
}

func TestDeniedOriginIsClippedInTheLog(t *testing.T) {
	_, log := askOrigin(t, originCase{origin: "https://" + strings.Repeat("a", 5000)})
	if len(log) > 1000 {
		t.Errorf("a client wrote %d bytes into the log", len(log))
	}
}

func TestOriginPatternsThatAreRefused(t *testing.T) {
	tests := map[string]string{ // pattern → what the error must hold
		"*.example.com":         `write ".example.com"`,
		"https://*.example.com": `write "https://.example.com"`,
		"example.com:8443":      `write "https://example.com:8443" or "http://example.com:8443"`,
		"[::1]:8080":            `write "https://[::1]:8080"`,
		"wss://example.com":     `write "https://example.com"`,
		"ws://example.com:81":   `write "http://example.com:81"`,
		"https://example.com/x": "without a path",
		"https://example.com?x": "without a path",
		"https://u@example.com": "without a path",
		"example.com/":          "without a path",
		"https://":              "without a path",
		"//example.com":         "without a path",
		"https://a.test,b.test": "is not one origin",
		"https://a b":           "is not one origin",
		"":                      "is not one origin",
		"null":                  "remove it",
		"münchen.example":       "xn--",
		"https://a.test:99999":  "from 1 to 65535",
		"https://a.test:x":      "from 1 to 65535",
		"https://[::g]":         "IPv6",
		"https://[1.2.3.4]":     "IPv6",
		"https://[fe80::1%lo]":  "IPv6",
		"NULL":                  "remove it",
		"..example.com":         "without a path",
		".":                     "without a path",
		"1http://example.com":   "a scheme",
		"://example.com":        "a scheme",
	}
	for pattern, want := range tests {
		_, err := ParseOrigins([]string{pattern})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseOrigins(%q) = %v, want an error with %q", pattern, err, want)
		}
	}
}

func TestAllBadOriginPatternsAreNamedAtOnce(t *testing.T) {
	var o Origins
	err := o.UnmarshalText([]byte("*.a.test, https://ok.test, b.test:80"))
	if err == nil || !strings.Contains(err.Error(), "*.a.test") || !strings.Contains(err.Error(), "b.test:80") {
		t.Errorf("error = %v, want both patterns in it", err)
	}
	if o.String() != sameHostWord {
		t.Errorf("a failed UnmarshalText left %q behind", o)
	}
}

func TestOriginsString(t *testing.T) {
	var o Origins
	if err := o.UnmarshalText([]byte("https://a.test, .b.test")); err != nil {
		t.Fatal(err)
	}
	if got, want := o.String(), "https://a.test,.b.test"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

// FuzzOrigin holds what is true of every pattern and every origin.
func FuzzOrigin(f *testing.F) {
	f.Add("https://example.com", "https://example.com", "example.com")
	f.Add(".example.com", "http://a.example.com:81", "example.com:81")
	f.Add("same-host", "http://[::1]:8080", "[::1]:8080")
	f.Add("::1", "null", "")
	f.Fuzz(func(t *testing.T, pattern, from, host string) {
		o, err := ParseOrigins([]string{pattern})
		if err != nil || pattern == "*" {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		r.Header.Set("Origin", from)
		got := o.allow(r, false)
		if got && !strings.Contains(from, "://") {
			t.Errorf("%q allowed %q, which is no origin", pattern, from)
		}
		scheme, rest, ok := strings.Cut(pattern, "://")
		if ok && got && !strings.EqualFold(from[:min(len(from), len(scheme))], scheme) {
			t.Errorf("%q allowed %q, which has another scheme", pattern, from)
		}
		if got && pattern != sameHostWord && !ok {
			rest = pattern
		}
		if bare := strings.Trim(rest, "./[]"); got && pattern != sameHostWord && !strings.Contains(bare, ":") &&
			!strings.Contains(strings.ToLower(from), strings.ToLower(bare)) {
			t.Errorf("%q allowed %q, which has another host", pattern, from)
		}
		r.Header.Set("Origin", strings.ToUpper(from))
		if isASCII(from) && o.allow(r, false) != got {
			t.Errorf("%q judges %q by its case", pattern, from)
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c >= 0x80 })
}

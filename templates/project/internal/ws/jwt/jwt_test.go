package jwt_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	gojwt "github.com/golang-jwt/jwt/v5"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/jwt"
)

// Each algorithm lets in who holds its key, and nobody else: not with another key, nor with another algorithm, nor with none.
func TestAlgorithms(t *testing.T) {
	rsaKey, otherRSA, ed, otherEd := newRSA(t, 2048), newRSA(t, 2048), newEd25519(t), newEd25519(t)
	type signer struct {
		name   string
		method gojwt.SigningMethod
		key    any
	}
	signers := []signer{
		{"HS256", gojwt.SigningMethodHS256, []byte(secret)},
		{"RS256", gojwt.SigningMethodRS256, rsaKey.private},
		{"EdDSA", gojwt.SigningMethodEdDSA, ed.private},
		{"HS256 with another secret", gojwt.SigningMethodHS256, []byte("another " + secret)},
		{"HS384 with the secret", gojwt.SigningMethodHS384, []byte(secret)},
		{"RS256 with another key", gojwt.SigningMethodRS256, otherRSA.private},
		{"RS512 with the key", gojwt.SigningMethodRS512, rsaKey.private},
		{"PS256 with the key", gojwt.SigningMethodPS256, rsaKey.private},
		{"EdDSA with another key", gojwt.SigningMethodEdDSA, otherEd.private},
		{"HS256 with the public RSA key for a secret", gojwt.SigningMethodHS256, []byte(rsaKey.public)},
		{"HS256 with the public Ed25519 key for a secret", gojwt.SigningMethodHS256, []byte(ed.public)},
		{"none", gojwt.SigningMethodNone, gojwt.UnsafeAllowNoneSignatureType},
	}
	for algorithm, key := range map[string]string{"HS256": secret, "RS256": rsaKey.public, "EdDSA": ed.public} {
		s := newSite(t, config(func(c *jwt.Config) { c.Algorithm, c.Key = algorithm, key }))
		for _, by := range signers {
			token := sign(t, by.method, by.key, claims(nil))
			want := map[bool]string{true: "alice", false: "nobody"}[by.name == algorithm]
			if got := s.me("Bearer " + token); got != want {
				t.Errorf("JWT_ALGORITHM=%s, signed by %s: %s", algorithm, by.name, got)
			}
		}
	}
}

// A key may come from the environment in one line or several, from a file, in any usual form, and two may hold at a time.
func TestKeys(t *testing.T) {
	old, next := newEd25519(t), newEd25519(t)
	both := old.public + next.public
	for name, change := range map[string]func(*jwt.Config){
		"several lines": func(c *jwt.Config) { c.Key = both },
		"one line":      func(c *jwt.Config) { c.Key = strings.ReplaceAll(both, "\n", `\n`) },
		"file":          func(c *jwt.Config) { c.Key, c.KeyFile = "", writeFile(t, "# keys\n"+both) },
	} {
		c := config(func(c *jwt.Config) {
			c.Algorithm = jwt.EdDSA
			change(c)
		})
		if err := c.Validate(false); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s := newSite(t, c)
		for _, by := range []pair{old, next} {
			if got := s.me("Bearer " + sign(t, gojwt.SigningMethodEdDSA, by.private, claims(nil))); got != "alice" {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := s.me("Bearer " + sign(t, gojwt.SigningMethodEdDSA, newEd25519(t).private, claims(nil))); got != "nobody" {
			t.Errorf("%s: a third key: %s", name, got)
		}
	}
	const odd = `a secret with a \n in it, which is no end of a line`
	s := newSite(t, config(func(c *jwt.Config) { c.Key = odd }))
	if got := s.me("Bearer " + sign(t, gojwt.SigningMethodHS256, []byte(odd), claims(nil))); got != "alice" {
		t.Errorf("a secret with a backslash: %s", got)
	}
	s = newSite(t, config(func(c *jwt.Config) { c.Key, c.KeyFile = "", writeFile(t, secret+"\n") }))
	if got := s.me("Bearer " + good(t)); got != "alice" {
		t.Errorf("a secret in a file: %s", got)
	}
}

// The token comes as an offer or in a header. It is not echoed, the consumer does not see it, and no log holds it.
func TestTokenStaysSecret(t *testing.T) {
	log := captureLog(t)
	s := newSite(t, config(nil))
	token, forged := good(t), sign(t, gojwt.SigningMethodHS256, []byte("another "+secret), claims(nil))
	for _, test := range []struct {
		name, selected string
		header         http.Header
		offers         []string
	}{
		{"wsgen.1", "wsgen.1", s.page(), []string{"wsgen.1", "wsgen.bearer." + token, "chat.v2"}},
		{"raw", "wsgen.raw", s.page(), []string{"wsgen.raw", "wsgen.bearer." + token, "chat.v2"}},
		{"header", "", http.Header{"Authorization": {"Bearer " + token}}, nil},
		{"header in lower case", "", http.Header{"Authorization": {"bearer " + token}}, nil},
		{"both", "", http.Header{"Authorization": {"Bearer " + token}}, []string{"wsgen.bearer." + token}},
	} {
		sock, response, err := s.dial("/ws/members", test.header, test.offers...)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if got := response.Header.Get("Sec-WebSocket-Protocol"); got != test.selected {
			t.Errorf("%s: %q is selected", test.name, got)
		}
		for name, values := range response.Header {
			if strings.Contains(strings.Join(values, ","), token) {
				t.Errorf("%s: the answer has the token in %s", test.name, name)
			}
		}
		if test.name == "wsgen.1" {
			continue // what it says is told below
		}
		if got := sock.says("who"); got != "alice" {
			t.Errorf("%s: it is %s", test.name, got)
		}
		got := sock.says("header")
		if strings.Contains(got, token) || !strings.Contains(got, "Sec-Websocket-Key") {
			t.Errorf("%s: the consumer sees %s", test.name, got)
		}
		if offered := strings.Contains(got, "Sec-Websocket-Protocol"); offered != (test.selected != "") {
			t.Errorf("%s: offers in what the consumer sees: %v: %s", test.name, offered, got)
		}
		if got, want := sock.says("offers"), strings.TrimPrefix("chat.v2", map[bool]string{true: "chat.v2"}[test.offers == nil || test.name == "both"]); got != want {
			t.Errorf("%s: offered %q, want %q", test.name, got, want)
		}
	}
	for _, bad := range []string{forged, token + "x", "x." + token, strings.ToUpper(token)} {
		if _, response, err := s.dial("/ws/open", s.page(), "wsgen.raw", "wsgen.bearer."+bad); err == nil || response.StatusCode != 401 {
			t.Errorf("a bad token: %v", err)
		}
	}
	text := log.String()
	for _, part := range append(strings.Split(token, "."), strings.Split(forged, ".")...) {
		if strings.Contains(text, part) {
			t.Errorf("the log holds %s:\n%s", part, text)
		}
	}
	if strings.Count(text, "token refused") != 4 {
		t.Errorf("the log does not tell of 4 refusals:\n%s", text)
	}
}

// Another scheme of the header is none of ours, and lets nobody in.
func TestOtherSchemes(t *testing.T) {
	s := newSite(t, config(nil))
	header := http.Header{"Authorization": {"Basic YWxpY2U6c2VjcmV0"}}
	sock, _, err := s.dial("/ws/open", header)
	if err != nil {
		t.Fatal(err)
	}
	if who, got := sock.says("who"), sock.says("header"); who != "nobody" || !strings.Contains(got, "Basic YWxpY2U6c2VjcmV0") {
		t.Errorf("%s, with %s", who, got)
	}
	if _, response, err := s.dial("/ws/members", header); err == nil || response.StatusCode != 401 {
		t.Errorf("a member: %v", err)
	}
}

func TestClaims(t *testing.T) {
	s := newSite(t, config(nil))
	token := sign(t, gojwt.SigningMethodHS256, []byte(secret), claims(func(c gojwt.MapClaims) { c["role"] = "admin" }))
	if got := s.mustDial("/ws/open", token).says("role"); got != "admin" {
		t.Errorf("the role is %q", got)
	}
	if jwt.Claims(t.Context()) != nil {
		t.Error("claims of nobody")
	}
}

// A socket ends when its token expires, and not before; a token that has expired tells the page so.
func TestExpiry(t *testing.T) {
	s := newSite(t, config(nil))
	until := time.Now().Add(1500 * time.Millisecond).Truncate(time.Second)
	if time.Until(until) < 500*time.Millisecond {
		until = until.Add(time.Second)
	}
	token := sign(t, gojwt.SigningMethodHS256, []byte(secret), claims(func(c gojwt.MapClaims) { c["exp"] = until.Unix() }))
	raw := s.mustDial("/ws/members", token)
	v1, _, err := s.dial("/ws/open", s.page(), "wsgen.1", "wsgen.bearer."+token)
	if err != nil {
		t.Fatal(err)
	}
	forever := s.mustDial("/ws/members", good(t))
	if got := raw.says("who"); got != "alice" {
		t.Errorf("it is %s", got)
	}
	code, reason, _ := raw.closed()
	if code != 4401 || reason != "the token has expired" || time.Now().Before(until) {
		t.Errorf("closed with %d %q, %v before the token expires", code, reason, time.Until(until))
	}
	if code, reason, control := v1.closed(); code != 4401 || reason != "the token has expired" {
		t.Errorf("closed with %d %q", code, reason)
	} else if code, reason := controlOf(t, control); code != 4401 || reason != "the token has expired" {
		t.Errorf("told %d %q", code, reason)
	}
	if got := forever.says("who"); got != "alice" {
		t.Errorf("it is %s", got)
	}
	if _, response, err := s.dial("/ws/open", s.page(), "wsgen.raw", "wsgen.bearer."+token); err == nil || response.StatusCode != 401 {
		t.Errorf("the expired token: %v", err)
	}
}

// Numbers in claims are no reason to crash, or to let anybody in for longer than a token says.
func TestOddTimes(t *testing.T) {
	s := newSite(t, config(nil))
	for text, want := range map[string]string{
		"1e300": "", "-1": "nobody", "0": "nobody", `"tomorrow"`: "nobody", "null": "nobody", "[]": "nobody", "9223372036854775807": "",
		"253402300799": "alice",
	} {
		var exp any
		if err := json.Unmarshal([]byte(text), &exp); err != nil {
			t.Fatal(err)
		}
		token := sign(t, gojwt.SigningMethodHS256, []byte(secret), claims(func(c gojwt.MapClaims) { c["exp"] = exp }))
		got := s.me("Bearer " + token)
		if want != "" && got != want {
			t.Errorf("exp %s: %s", text, got)
		}
		if sock, _, err := s.dial("/ws/open", s.page(), "wsgen.raw", "wsgen.bearer."+token); (err == nil) != (got == "alice") {
			t.Errorf("exp %s: %v over a socket", text, err)
		} else if err == nil && got == "alice" && want != "" {
			_ = sock.says("who")
		}
	}
}

// Issue makes tokens that the service itself believes, where it has a secret.
func TestIssue(t *testing.T) {
	ask := func(c jwt.Config, debug bool, f func(ctx context.Context)) {
		users := ws.NewUsers(jwt.New(c, debug), nil)
		h := users.Requests(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f(r.Context()) }))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/login", nil))
	}
	c := config(func(c *jwt.Config) { c.Issuer = "https://login.example" })
	ask(c, false, func(ctx context.Context) {
		token, err := jwt.Issue(ctx, "alice", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if got := newSite(t, c).me("Bearer " + token); got != "alice" {
			t.Errorf("it is %s", got)
		}
		if _, err := jwt.Issue(ctx, "", time.Minute); err == nil {
			t.Error("a token for nobody")
		}
	})
	ask(config(func(c *jwt.Config) { c.Algorithm, c.Key = jwt.EdDSA, newEd25519(t).public }), false, func(ctx context.Context) {
		if _, err := jwt.Issue(ctx, "alice", time.Minute); !errors.Is(err, jwt.ErrCannotSign) {
			t.Errorf("with a public key: %v", err)
		}
	})
	if _, err := jwt.Issue(t.Context(), "alice", time.Minute); !errors.Is(err, jwt.ErrNoAuth) {
		t.Errorf("outside a request: %v", err)
	}
	none := jwt.DefaultConfig("service")
	ask(none, false, func(ctx context.Context) {
		if _, err := jwt.Issue(ctx, "alice", time.Minute); !errors.Is(err, jwt.ErrCannotSign) {
			t.Errorf("without a key: %v", err)
		}
	})
	made := make(map[string]bool)
	for range 2 {
		ask(none, true, func(ctx context.Context) {
			token, err := jwt.Issue(ctx, "alice", time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			made[token[strings.LastIndex(token, "."):]] = true
		})
	}
	if len(made) != 2 {
		t.Error("the secret that debug makes up is always the same")
	}
}

// A service without a key believes nobody.
func TestNoKey(t *testing.T) {
	for name, c := range map[string]jwt.Config{
		"none":      config(func(c *jwt.Config) { c.Key = "" }),
		"too short": config(func(c *jwt.Config) { c.Key = "short" }),
		"zero":      {},
	} {
		s := newSite(t, c)
		for _, key := range []string{"", "short", secret} {
			if got := s.me("Bearer " + sign(t, gojwt.SigningMethodHS256, []byte(key), claims(nil))); got != "nobody" {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}

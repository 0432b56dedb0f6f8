package jwt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	gojwt "github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"

	"wsgen/templates/project/internal/ws/jwt"
)

// attempt is one way in: what is sent with the handshake.
type attempt struct {
	tokens []string
	path   string      // "" for that of the route
	header http.Header // nil for that of a page of the site
}

// ways are the ways in that are tried, by what docs/auth.md calls them.
func ways(t *testing.T) map[string]attempt {
	hs := func(change func(gojwt.MapClaims), header ...string) attempt {
		return attempt{tokens: []string{sign(t, gojwt.SigningMethodHS256, []byte(secret), claims(change), header...)}}
	}
	set := func(name string, value any) attempt { return hs(func(c gojwt.MapClaims) { c[name] = value }) }
	without := func(name string) attempt { return hs(func(c gojwt.MapClaims) { delete(c, name) }) }
	by := func(method gojwt.SigningMethod, key any, header ...string) attempt {
		return attempt{tokens: []string{sign(t, method, key, claims(nil), header...)}}
	}
	token := hs(nil).tokens[0]
	part := func(i int) string { return strings.Split(token, ".")[i] }
	segment := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	const other = "another secret that is long enough"
	return map[string]attempt{
		"a token that holds":              hs(nil),
		"no token":                        {},
		"something that is no token":      {tokens: []string{"alice"}},
		"forged: signed with another key": by(gojwt.SigningMethodHS256, []byte(other)),
		"forged: other claims under the signature": {tokens: []string{
			part(0) + "." + segment(claims(func(c gojwt.MapClaims) { c["sub"] = "bob" })) + "." + part(2)}},
		"forged: the signature in another spelling": {tokens: []string{respell(token)}},
		"forged: without the signature":             {tokens: []string{part(0) + "." + part(1) + "."}},
		"algorithm none":                            by(gojwt.SigningMethodNone, gojwt.UnsafeAllowNoneSignatureType),
		"algorithm none, under the signature of another token": {tokens: []string{
			segment(map[string]string{"alg": "none"}) + "." + part(1) + "." + part(2)}},
		"another algorithm, the right secret": by(gojwt.SigningMethodHS512, []byte(secret)),
		"a header that brings its own key": by(gojwt.SigningMethodHS256, []byte(other),
			"jwk", `{"kty":"oct"}`, "kid", "../../dev/null", "jku", "http://127.0.0.1:1/keys", "x5u", "http://127.0.0.1:1/cert"),
		"a header with extensions that must be understood": hs(nil, "crit", "b64"),
		"expired":       set("exp", time.Now().Add(-time.Minute).Unix()),
		"not valid yet": set("nbf", time.Now().Add(time.Minute).Unix()),
		"expired, and forged": {tokens: []string{sign(t, gojwt.SigningMethodHS256, []byte(other),
			claims(func(c gojwt.MapClaims) { c["exp"] = time.Now().Add(-time.Minute).Unix() }))}},
		"never expires":                          without("exp"),
		"for another audience":                   set("aud", []string{"billing", "servic"}),
		"for no audience":                        without("aud"),
		"of another issuer":                      set("iss", "https://evil.example"),
		"without a user":                         without("sub"),
		"a user that is no text":                 set("sub", 7),
		"two different tokens":                   {tokens: []string{token, set("sub", "bob").tokens[0]}},
		"in the URL":                             {path: "/ws/members?token=" + token + "&access_token=" + token + "&bearer=" + token},
		"in a cookie":                            {header: http.Header{"Cookie": {"token=" + token + "; Authorization=" + token}}},
		"a page of a foreign origin":             {tokens: []string{token}, header: http.Header{"Origin": {"https://evil.example"}}},
		"no page, in the header Authorization":   {header: http.Header{"Authorization": {"Bearer " + token}}},
		"a user whom FindUser misses":            set("sub", "gone"),
		"a user whom FindUser refuses":           set("sub", "banned"),
		"FindUser fails":                         set("sub", "broken"),
		"replayed after the user has signed out": hs(nil),
	}
}

// respell changes the last character of a token in the bits that stand for nothing.
func respell(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + string(alphabet[strings.IndexByte(alphabet, token[last])|1])
}

// outcome tries to reach a route that requires a user, and returns what became of it: the status of the answer, or the code and
// the reason of the close; 101 where the socket is open.
func (a attempt) outcome(t *testing.T, s *site, first string) string {
	t.Helper()
	offers, header := []string{first}, s.page()
	for _, token := range a.tokens {
		offers = append(offers, "wsgen.bearer."+token)
	}
	for name, values := range a.header {
		header[name] = values
	}
	if a.header["Authorization"] != nil {
		header.Del("Origin")
	}
	if a.path == "" {
		a.path = "/ws/members"
	}
	sock, response, err := s.dial(a.path, header, offers...)
	switch {
	case err != nil && response == nil:
		t.Fatal(err)
	case err != nil:
		return fmt.Sprint(response.StatusCode)
	case first == "wsgen.raw":
		if got := sock.says("who"); got != "alice" {
			t.Errorf("in, as %s", got)
		}
		return "101"
	}
	_, data, err := sock.conn.ReadMessage()
	if bytes.HasPrefix(data, []byte(`c{"type":"hello"`)) {
		return "101"
	}
	for err == nil {
		_, _, err = sock.conn.ReadMessage()
	}
	var closed *websocket.CloseError
	if !errors.As(err, &closed) {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", closed.Code, closed.Text)
}

// Every way in that docs/auth.md tells of has the end that it tells, and it tells of every one that is tried.
func TestWaysIn(t *testing.T) {
	rows, tried := documented(t, "## Ways in: jwt"), ways(t)
	for name := range tried {
		if rows[name] == [2]string{} {
			t.Errorf("docs/auth.md does not tell of %q", name)
		}
	}
	s := newSite(t, config(func(c *jwt.Config) { c.Issuer = "https://login.example" }))
	for name, want := range rows {
		t.Run(name, func(t *testing.T) {
			try, ok := tried[name]
			if !ok {
				t.Fatal("nobody tries it")
			}
			for i, offer := range []string{"wsgen.raw", "wsgen.1"} {
				if got := try.outcome(t, s, offer); got != want[i] {
					t.Errorf("%s: %s, documented is %s", offer, got, want[i])
				}
			}
		})
	}
}

// documented reads the table below a heading of docs/auth.md: by its first column, the second and the third.
func documented(t *testing.T, heading string) map[string][2]string {
	t.Helper()
	text, err := os.ReadFile("../../../../../docs/auth.md")
	if err != nil {
		t.Fatal(err)
	}
	_, below, ok := strings.Cut(string(text), "\n"+heading+"\n")
	below, _, _ = strings.Cut(below, "\n## ")
	if !ok {
		t.Fatalf("docs/auth.md has no %s", heading)
	}
	rows := make(map[string][2]string)
	for _, line := range strings.Split(below, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.Contains(line, "---") || strings.HasPrefix(strings.TrimSpace(cells[1]), "way in") {
			continue
		}
		rows[strings.TrimSpace(cells[1])] = [2]string{strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])}
	}
	return rows
}

package jwt_test

import (
	"testing"
	"time"

	gojwt "github.com/golang-jwt/jwt/v5"

	"wsgen/templates/project/internal/ws/jwt"
)

// A clock may be off by the leeway, and by no more: over HTTP, at a handshake, and for how long a socket stays.
func TestLeeway(t *testing.T) {
	at := func(name string, off time.Duration) string {
		return sign(t, gojwt.SigningMethodHS256, []byte(secret), claims(func(c gojwt.MapClaims) { c[name] = time.Now().Add(off).Unix() }))
	}
	s := newSite(t, config(func(c *jwt.Config) { c.Leeway = time.Minute }))
	for token, want := range map[string]string{
		at("exp", -30*time.Second): "alice", at("nbf", 30*time.Second): "alice",
		at("exp", -2*time.Minute): "nobody", at("nbf", 2*time.Minute): "nobody",
	} {
		if got := s.me("Bearer " + token); got != want {
			t.Errorf("over HTTP it is %s, want %s", got, want)
		}
		sock, _, err := s.dial("/ws/members", s.page(), "wsgen.raw", "wsgen.bearer."+token)
		if (err == nil) != (want == "alice") {
			t.Fatalf("a socket: %v, want %s", err, want)
		}
		for range 50 {
			if err == nil && sock.says("who") != "alice" {
				t.Fatal("the socket is another's")
			}
		}
	}
}

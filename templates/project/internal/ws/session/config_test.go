package session_test

import (
	"strings"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws/session"
)

func TestConfig(t *testing.T) {
	if err := session.DefaultConfig("my-service_2").Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*session.Config){
		`SESSION_COOKIE="": want letters`:                         func(c *session.Config) { c.Cookie = "" },
		`SESSION_COOKIE="a b": want letters`:                      func(c *session.Config) { c.Cookie = "a b" },
		`SESSION_COOKIE="a;b": want letters`:                      func(c *session.Config) { c.Cookie = "a;b" },
		`SESSION_LIFETIME=0s: want 1s up to 8784h0m0s`:            func(c *session.Config) { c.Lifetime = 0 },
		`SESSION_LIFETIME=9000h0m0s: want 1s`:                     func(c *session.Config) { c.Lifetime = 9000 * time.Hour },
		`SESSION_IDLE_TIMEOUT=-1s: want 0s, which is none, or 1s`: func(c *session.Config) { c.IdleTimeout = -time.Second },
		`SESSION_IDLE_TIMEOUT=1ms: want 0s`:                       func(c *session.Config) { c.IdleTimeout = time.Millisecond },
	} {
		c := session.DefaultConfig("service")
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	if err := (session.Config{IdleTimeout: -1}).Validate(); strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("not all that is wrong: %v", err)
	}
}

package redislayer_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws/redislayer"
)

func TestConfig(t *testing.T) {
	for url, ok := range map[string]bool{
		"redis://localhost:6379":                        true,
		"redis://me:secret@localhost/3":                 true,
		"rediss://:secret@redis.example.com:6380":       true,
		"redis://a:1?addr=b:2&addr=c:3":                 true,
		"redis://sentinel:26379?master_set=main":        true,
		"unix:///run/redis.sock":                        true,
		"":                                              false,
		"localhost:6379":                                false,
		"redis://":                                      false,
		"http://localhost":                              false,
		"redis://:secret/and@localhost":                 false,
		"redis://me:secret@localhost/x":                 false,
		"redis://me:secret@localhost:port":              false,
		"redis://me:secret@localhost?dial_timeout=soon": false,
	} {
		c := redislayer.Config{URL: url, Prefix: "p"}
		err := c.Validate()
		if (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || !strings.HasPrefix(err.Error(), "REDIS_URL")) {
			t.Errorf("%q: %v", url, err)
		}
	}
	for prefix, ok := range map[string]bool{
		"updater": true, "a.b-c_d:9": true, "": false, "a b": false, "{a}": false, "ü": false, strings.Repeat("x", 101): false,
	} {
		c := redislayer.DefaultConfig(prefix)
		if err := c.Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", prefix, err)
		}
	}
}

// TestOpenThatFails says why, soon where waiting does not help, and keeps passwords to itself.
func TestOpenThatFails(t *testing.T) {
	t.Parallel()
	server := backends.StartRedis(t, "--requirepass", "right")
	address := strings.TrimPrefix(server.URL, "redis://")
	c := redislayer.DefaultConfig("test")
	for url, want := range map[string]string{
		"redis://:wrong@" + address: "WRONGPASS",
		server.URL:                  "NOAUTH",
		"http://:wrong@" + address:  "REDIS_URL",
	} {
		c.URL = url
		if _, err := redislayer.Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "wrong@") {
			t.Errorf("%s: %v", url, err)
		}
	}
	c.URL = "redis://:right@" + address
	b, err := redislayer.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	server.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := redislayer.Open(ctx, c); err == nil || strings.Contains(err.Error(), "right") || !strings.Contains(err.Error(), "no server at REDIS_URL") {
		t.Errorf("nobody there: %v", err)
	}
}

// TestServices: two services at one server have nothing to do with each other.
func TestServices(t *testing.T) {
	t.Parallel()
	server := backends.StartRedis(t)
	c := redislayer.Config{URL: server.URL, Prefix: "other"}
	mine := open(t, server.URL)
	other, err := redislayer.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	})
	in := start(t, other)
	start(t, mine)
	subscribe(t, other, "group:job:1")
	at := appendWhenUp(t, mine, "group:job:1")
	page, err := other.Read(t.Context(), "group:job:1", keep(), 0, 10)
	if err != nil || page.Top != 0 || page.Epoch == at.Epoch {
		t.Errorf("%+v, %v", page, err)
	}
	appendWhenUp(t, other, "group:job:1")
	if got := in.of(t, "group:job:1", func(got []string) bool { return len(got) > 0 }); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}

// TestValues are kept until they expire, and replaced only where they are there.
func TestValues(t *testing.T) {
	t.Parallel()
	b := open(t, backends.StartRedis(t).URL)
	get := func() string {
		value, found, err := b.GetValue(t.Context(), "key")
		if err != nil || found != (value != nil) {
			t.Errorf("%q, %v, %v", value, found, err)
		}
		return string(value)
	}
	set := func(value string, left time.Duration, replace bool) {
		if err := b.SetValue(t.Context(), "key", []byte(value), time.Now().Add(left), replace); err != nil {
			t.Error(err)
		}
	}
	set("never", time.Hour, true)
	if got := get(); got != "" {
		t.Errorf("replaced nothing with %q", got)
	}
	set("first", time.Hour, false)
	set("second", time.Hour, true)
	if got := get(); got != "second" {
		t.Errorf("got %q", got)
	}
	if err := b.DeleteValue(t.Context(), "key"); err != nil {
		t.Error(err)
	}
	set("third", time.Hour, true)
	if got := get(); got != "" {
		t.Errorf("after the end: %q", got)
	}
	set("fourth", time.Hour, false)
	set("expired", -time.Second, false)
	if got := get(); got != "" {
		t.Errorf("expired: %q", got)
	}
	set("brief", 50*time.Millisecond, false)
	for deadline := time.Now().Add(patience); get() != ""; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not expire")
		}
	}
}

package ws

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestListenSaysWhatToSet(t *testing.T) {
	taken, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	addr := taken.Addr().String()
	_, err = listen(t.Context(), addr)
	want := "address " + addr + " is in use: set ADDR, for example ADDR=" + otherAddr(addr)
	if err == nil || err.Error() != want {
		t.Errorf("listen on a taken address = %v, want %s", err, want)
	}
	if err := Serve(t.Context(), ServerConfig{Addr: addr}, nil, nil); err == nil || err.Error() != want {
		t.Errorf("Serve on a taken address = %v, want %s", err, want)
	}
	_, err = listen(t.Context(), "192.0.2.1:8080") // TEST-NET-1 (RFC 5737) is nobody's
	if err == nil || !strings.Contains(err.Error(), "set ADDR") {
		t.Errorf("listen on another machine's address = %v, want what to set", err)
	}
}

func TestOtherAddr(t *testing.T) {
	for addr, want := range map[string]string{
		":8080": ":8081", "127.0.0.1:80": "127.0.0.1:81", "[::1]:9": "[::1]:10", ":65535": ":8081", ":http": ":8081", "x": ":8081",
	} {
		if got := otherAddr(addr); got != want {
			t.Errorf("otherAddr(%q) = %q, want %q", addr, got, want)
		}
	}
}

func TestPageURL(t *testing.T) {
	for addr, want := range map[string]string{
		"0.0.0.0:8080": "http://localhost:8080", "[::]:81": "http://localhost:81",
		"127.0.0.1:9": "http://127.0.0.1:9", "[::1]:9": "http://[::1]:9", "192.0.2.7:80": "http://192.0.2.7:80",
	} {
		at, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := pageURL(at); got != want {
			t.Errorf("pageURL(%s) = %q, want %q", addr, got, want)
		}
	}
}

func TestServerConfigValidate(t *testing.T) {
	if err := DefaultServerConfig().Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	bad := ServerConfig{Addr: "8080", MaxHeaderBytes: -1, DrainWindow: time.Second, DrainTimeout: time.Millisecond, DrainDelay: -1}
	err := bad.Validate()
	if err == nil {
		t.Fatal("bad values pass")
	}
	for _, name := range []string{"ADDR", "READ_HEADER_TIMEOUT", "IDLE_TIMEOUT", "MAX_HEADER_BYTES", "DRAIN_DELAY", "DRAIN_WINDOW"} {
		named := func(line string) bool { return strings.HasPrefix(line, name+"=") }
		if !slices.ContainsFunc(strings.Split(err.Error(), "\n"), named) {
			t.Errorf("%s is not named in:\n%v", name, err)
		}
	}
	for _, addr := range []string{"", "localhost", ":", ":http", ":65536", "a:b:1", ":-1"} {
		if err := validateAddr(addr); err == nil {
			t.Errorf("address %q passes", addr)
		}
	}
	for _, addr := range []string{":0", ":8080", "127.0.0.1:80", "[::1]:80", "host.example:443"} {
		if err := validateAddr(addr); err != nil {
			t.Errorf("address %q: %v", addr, err)
		}
	}
}

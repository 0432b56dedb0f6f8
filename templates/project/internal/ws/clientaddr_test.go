package ws

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestClientAddr(t *testing.T) {
	tests := []struct {
		name      string
		remote    string
		trusted   string
		forwarded []string
		want      string // "" for the zero Addr
	}{
		{name: "no proxy", remote: "203.0.113.9:4711", want: "203.0.113.9"},
		{name: "header of a stranger", remote: "203.0.113.9:4711", forwarded: []string{"10.1.1.1"}, want: "203.0.113.9"},
		{name: "header of a stranger beside proxies", remote: "203.0.113.9:1", trusted: "10.0.0.0/8",
			forwarded: []string{"198.51.100.1"}, want: "203.0.113.9"},
		{name: "one proxy", remote: "10.0.0.1:1", trusted: "10.0.0.0/8", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		{name: "made up on the left", remote: "10.0.0.1:1", trusted: "10.0.0.0/8",
			forwarded: []string{"1.1.1.1, 198.51.100.1"}, want: "198.51.100.1"},
		{name: "two proxies", remote: "10.0.0.1:1", trusted: "10.0.0.0/8,192.0.2.7",
			forwarded: []string{"1.1.1.1, 198.51.100.1, 192.0.2.7"}, want: "198.51.100.1"},
		{name: "two lines", remote: "10.0.0.1:1", trusted: "10.0.0.0/8",
			forwarded: []string{"198.51.100.1", "10.2.2.2"}, want: "198.51.100.1"},
		{name: "proxies only", remote: "10.0.0.1:1", trusted: "10.0.0.0/8", forwarded: []string{"10.3.3.3, 10.2.2.2"}, want: "10.3.3.3"},
		{name: "no header", remote: "10.0.0.1:1", trusted: "10.0.0.0/8", want: "10.0.0.1"},
		{name: "garbage nearest", remote: "10.0.0.1:1", trusted: "10.0.0.0/8",
			forwarded: []string{"198.51.100.1, unknown"}, want: "10.0.0.1"},
		{name: "garbage behind a proxy", remote: "10.0.0.1:1", trusted: "10.0.0.0/8",
			forwarded: []string{"<x>, 10.2.2.2"}, want: "10.2.2.2"},
		{name: "empty entry", remote: "10.0.0.1:1", trusted: "10.0.0.0/8", forwarded: []string{"198.51.100.1,"}, want: "10.0.0.1"},
		{name: "with a port", remote: "10.0.0.1:1", trusted: "10.0.0.1", forwarded: []string{"198.51.100.1:9999"}, want: "198.51.100.1"},
		{name: "IPv6", remote: "[fd00::1]:1", trusted: "fd00::/8", forwarded: []string{"2001:db8::5"}, want: "2001:db8::5"},
		{name: "IPv6 in brackets", remote: "[fd00::1]:1", trusted: "fd00::/8", forwarded: []string{"[2001:db8::5]"}, want: "2001:db8::5"},
		{name: "IPv6 with a port", remote: "[fd00::1]:1", trusted: "fd00::/8", forwarded: []string{"[2001:db8::5]:9"}, want: "2001:db8::5"},
		{name: "IPv4 in IPv6", remote: "[::ffff:10.0.0.1]:1", trusted: "10.0.0.0/8",
			forwarded: []string{"::ffff:198.51.100.1"}, want: "198.51.100.1"},
		{name: "IPv4 network in IPv6", remote: "10.0.0.1:1", trusted: "::ffff:10.0.0.0/104",
			forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		{name: "zone", remote: "[fe80::1%eth0]:1", trusted: "fe80::/10", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		{name: "network with host bits", remote: "10.9.9.9:1", trusted: "10.0.0.1/8", forwarded: []string{"198.51.100.1"}, want: "198.51.100.1"},
		{name: "unix socket", remote: "@", trusted: "10.0.0.0/8", forwarded: []string{"198.51.100.1"}},
		{name: "in memory", remote: "pipe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var trusted Proxies
			if err := trusted.UnmarshalText([]byte(tt.trusted)); err != nil {
				t.Fatal(err)
			}
			r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{"X-Forwarded-For": tt.forwarded}}
			want := netip.Addr{}
			if tt.want != "" {
				want = netip.MustParseAddr(tt.want)
			}
			if got := ClientAddr(r, trusted); got != want {
				t.Errorf("ClientAddr = %v, want %v", got, want)
			}
		})
	}
}

func TestProxiesNamesEveryBadNetwork(t *testing.T) {
	p := Proxies{netip.MustParsePrefix("10.0.0.0/8")}
	err := p.UnmarshalText([]byte("192.0.2.7, 10.0.0.0/33, here"))
	if err == nil || !strings.Contains(err.Error(), `"10.0.0.0/33"`) || !strings.Contains(err.Error(), `"here"`) {
		t.Errorf("error = %v, want both bad parts named", err)
	}
	if len(p) != 1 {
		t.Errorf("a failed UnmarshalText left %v behind", p)
	}
}

// FuzzClientAddr holds that a client outside the proxies never chooses its own address.
func FuzzClientAddr(f *testing.F) {
	f.Add("203.0.113.9:1", "198.51.100.1, 10.0.0.1")
	f.Add("10.0.0.1:1", "x,,,")
	f.Add("[::1]:1", "[::1]:2,::1%lo")
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		r := &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		got := ClientAddr(r, trusted)
		peer, ok := parseHop(remote)
		if (!ok || !contains(trusted, peer)) && got != peer {
			t.Errorf("%q chose the address %v with X-Forwarded-For %q", remote, got, forwarded)
		}
		if got.Is4In6() || got.Zone() != "" {
			t.Errorf("%v is not the one form of its address", got)
		}
	})
}

package ws

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks of the proxies in front of the service. What a proxy says of a client is believed, so name
// yours only: with a network that clients are in, every one of them chooses its own address.
type Proxies []netip.Prefix

// UnmarshalText reads addresses and networks separated by commas: "10.0.0.0/8, fd00::/8, 192.0.2.7".
func (p *Proxies) UnmarshalText(text []byte) error {
	var proxies Proxies
	var errs []error
	for _, part := range strings.Split(string(text), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		network, err := parseNetwork(part)
		if err != nil {
			errs = append(errs, fmt.Errorf("%q is neither an address nor a network: write for example 10.0.0.0/8", part))
			continue
		}
		proxies = append(proxies, network)
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	*p = proxies
	return nil
}

// parseNetwork reads a network, or an address as the network that holds it alone.
func parseNetwork(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		ip = ip.Unmap().WithZone("")
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if ip := network.Addr(); ip.Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(ip.Unmap(), network.Bits()-96)
	}
	return network, nil
}

// ClientAddr returns the address of the client that sent a request: the other end of the connection, or, where that is a
// trusted proxy, what the proxies say in X-Forwarded-For. That list is read from its right end, where each proxy adds the
// address it saw, up to the first one that is not a trusted proxy; what stands further left the client may have made up.
// An address comes without zone, and an IPv4 one in its four bytes, so that one client has one address. It is the zero
// Addr where the connection has none, as on a Unix socket.
func ClientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	client, ok := parseHop(r.RemoteAddr)
	if !ok || !contains(trusted, client) {
		return client
	}
	lines := r.Header.Values("X-Forwarded-For")
	for i := len(lines) - 1; i >= 0; i-- {
		for rest := lines[i]; rest != ""; {
			comma := strings.LastIndexByte(rest, ',')
			hop, ok := parseHop(strings.TrimSpace(rest[comma+1:]))
			if !ok {
				return client // a trusted proxy did not write this: the last address that is known stands
			}
			client = hop
			if !contains(trusted, client) {
				return client
			}
			rest = rest[:max(comma, 0)]
		}
	}
	return client
}

// parseHop reads an address, with or without a port.
func parseHop(text string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		at, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		ip = at.Addr()
	}
	return ip.Unmap().WithZone(""), true
}

// contains reports whether one of the networks holds the address.
func contains(networks []netip.Prefix, ip netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(ip) {
			return true
		}
	}
	return false
}

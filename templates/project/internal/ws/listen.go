package ws

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// windowsAddrInUse is WSAEADDRINUSE, which package syscall does not name: its EADDRINUSE is an invented number on Windows.
// Elsewhere no error has this number.
const windowsAddrInUse = syscall.Errno(10048)

// listen opens the service's address. Its error says what to set.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windowsAddrInUse):
		return nil, fmt.Errorf("address %s is in use: set ADDR, for example ADDR=%s", addr, otherAddr(addr))
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("address %s is not permitted to this user: set ADDR, for example ADDR=:8080", addr)
	}
	return nil, fmt.Errorf("listen on address %s: set ADDR to one of this machine, for example ADDR=:8080: %w", addr, err)
}

// otherAddr returns the address one port further.
func otherAddr(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	n, convErr := strconv.Atoi(port)
	if err != nil || convErr != nil || n >= 65535 {
		return ":8081"
	}
	return net.JoinHostPort(host, strconv.Itoa(n+1))
}

// pageURL returns what a person on this machine opens to see the page.
func pageURL(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return "http://" + addr.String()
	}
	if tcp.IP.IsUnspecified() {
		return "http://" + net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	return "http://" + tcp.String()
}

package natslayer

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// Config says how to reach NATS. The environment variable of each field is in its tag. Start from [DefaultConfig].
type Config struct {
	// URL is where a server is, nats://host:4222, or tls:// with TLS; several of one cluster are separated by commas. It may
	// hold a user and a password, or a token.
	URL string `env:"NATS_URL"`
	// Credentials is the file with the user's JWT and key, where the server wants one.
	Credentials string `env:"NATS_CREDENTIALS"`
	// Prefix begins all subjects and the names of all streams. Services with the same one share their groups.
	Prefix string `env:"NATS_PREFIX"`
	// Replicas is on how many servers of a cluster a stream is kept: 1, 3 or 5. With 1 its data is on one disk.
	Replicas int `env:"NATS_REPLICAS"`
}

// DefaultConfig returns a Config for a server on this machine.
func DefaultConfig(service string) Config {
	return Config{URL: "nats://localhost:4222", Prefix: service, Replicas: 1}
}

// maxPrefix is the length of the longest prefix, in bytes.
const maxPrefix = 100

// Validate reports all values that cannot be used, by the names of their variables. It does not show the URL, which may hold a
// password.
func (c Config) Validate() error {
	var errs []error
	for i, server := range strings.Split(c.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(server))
		if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "ws" && u.Scheme != "wss" {
			errs = append(errs, fmt.Errorf("NATS_URL: address %d is none: want nats://host:4222 or tls://host:4222, several separated by commas", i+1))
		}
	}
	if c.Credentials != "" {
		if _, err := os.Stat(c.Credentials); err != nil {
			errs = append(errs, fmt.Errorf("NATS_CREDENTIALS: want the path of a file with credentials: %w", err))
		}
	}
	if c.Prefix == "" || len(c.Prefix) > maxPrefix || strings.IndexFunc(c.Prefix, notPlain) >= 0 {
		errs = append(errs, fmt.Errorf("NATS_PREFIX=%q: want 1 to %d letters, digits, '-' and '_'", c.Prefix, maxPrefix))
	}
	if c.Replicas != 1 && c.Replicas != 3 && c.Replicas != 5 {
		errs = append(errs, fmt.Errorf("NATS_REPLICAS=%d: want 1, 3 or 5", c.Replicas))
	}
	return errors.Join(errs...)
}

// servers returns the hosts of the URL, without users and passwords.
func (c Config) servers() string {
	hosts := strings.Split(c.URL, ",")
	for i, server := range hosts {
		if u, err := url.Parse(strings.TrimSpace(server)); err == nil {
			hosts[i] = u.Host
		} else {
			hosts[i] = "?"
		}
	}
	return strings.Join(hosts, ", ")
}

// notPlain reports whether a character means something in a subject, or could.
func notPlain(r rune) bool { return r >= 0x80 || !plain(byte(r)) }

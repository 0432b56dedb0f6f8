package session

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config is how sessions are kept. The environment variable of each field is in its tag. Start from [DefaultConfig].
type Config struct {
	// Cookie is the name of the cookie, without the prefix __Host- that it has on the wire (but in debug).
	Cookie string `env:"SESSION_COOKIE"`
	// Lifetime is how long a login lasts, whatever its user does.
	Lifetime time.Duration `env:"SESSION_LIFETIME"`
	// IdleTimeout is how long it lasts without an HTTP request; an open socket is none. 0 sets no bound.
	IdleTimeout time.Duration `env:"SESSION_IDLE_TIMEOUT"`
}

// DefaultConfig returns what holds where nothing else is said. The cookie is named after the service, since all services of one
// host share its cookies, whatever their port.
func DefaultConfig(service string) Config {
	return Config{Cookie: service + "_session", Lifetime: 24 * time.Hour}
}

// Validate says which values cannot be served with, each by the name of its environment variable.
func (c Config) Validate() error {
	const year = 366 * 24 * time.Hour
	var errs []error
	if !isToken(c.Cookie) {
		errs = append(errs, fmt.Errorf("SESSION_COOKIE=%q: want letters, digits, - and _", c.Cookie))
	}
	if c.Lifetime < time.Second || c.Lifetime > year {
		errs = append(errs, fmt.Errorf("SESSION_LIFETIME=%v: want 1s up to %v", c.Lifetime, year))
	}
	if c.IdleTimeout != 0 && (c.IdleTimeout < time.Second || c.IdleTimeout > year) {
		errs = append(errs, fmt.Errorf("SESSION_IDLE_TIMEOUT=%v: want 0s, which is none, or 1s up to %v", c.IdleTimeout, year))
	}
	return errors.Join(errs...)
}

// isToken reports whether a cookie can have the name, with something to spare: RFC 6265, section 4.1.1.
func isToken(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	return s != "" && strings.Trim(s, letters) == ""
}

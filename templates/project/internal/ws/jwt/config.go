package jwt

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// The algorithms of JWT_ALGORITHM: RFC 7518, section 3.1, and RFC 8037, section 3.1.
const (
	HS256 = "HS256" // one secret signs and verifies
	RS256 = "RS256" // an RSA key
	EdDSA = "EdDSA" // an Ed25519 key
)

// Config says which tokens are believed. The environment variable of each field is in its tag. Start from [DefaultConfig].
type Config struct {
	// Algorithm is the only one that a token may be signed with: HS256, RS256 or EdDSA. What the token itself says of it is no
	// reason to use another.
	Algorithm string `env:"JWT_ALGORITHM"`
	// Key is the secret of HS256, at least 32 bytes, or the public key of RS256 and EdDSA in PEM, or several one after the other
	// while one takes the place of another. KeyFile is a file that holds it.
	Key     string `env:"JWT_KEY"`
	KeyFile string `env:"JWT_KEY_FILE"`
	// Audience is what the token must be meant for, as its claim aud says; "*" is everything. Issuer is who must have made it, as
	// its claim iss says; where it is empty, anybody.
	Audience string `env:"JWT_AUDIENCE"`
	Issuer   string `env:"JWT_ISSUER"`
	// Leeway is how far the clock of who made the token may be off.
	Leeway time.Duration `env:"JWT_LEEWAY"`
}

// DefaultConfig returns what holds where nothing else is said. A token must be meant for the service, by its name.
func DefaultConfig(service string) Config {
	return Config{Algorithm: HS256, Audience: service, Leeway: 30 * time.Second}
}

// Validate says which values cannot be served with, each by the name of its environment variable. No error shows a key. In debug
// the key may be missing, where it is a secret: [New] makes one up.
func (c Config) Validate(debug bool) error {
	var errs []error
	switch c.Algorithm {
	case HS256, RS256, EdDSA:
		if _, err := c.keys(); err != nil && (!errors.Is(err, errNoKey) || !debug || c.Algorithm != HS256) {
			errs = append(errs, err)
		}
	default:
		errs = append(errs, fmt.Errorf("JWT_ALGORITHM=%q: want HS256, RS256 or EdDSA", c.Algorithm))
	}
	if c.Leeway < 0 || c.Leeway > time.Hour {
		errs = append(errs, fmt.Errorf("JWT_LEEWAY=%v: want 0s up to 1h", c.Leeway))
	}
	return errors.Join(errs...)
}

// errNoKey says that there is no key at all.
var errNoKey = errors.New("JWT_KEY: set it, or JWT_KEY_FILE: without a key no token can be verified; DEBUG=true does without for HS256")

// The least size of a key: RFC 7518, sections 3.2 and 3.3.
const (
	leastSecret = 32   // bytes
	leastRSA    = 2048 // bits
)

// keys returns what verifies a token, one or several.
func (c Config) keys() ([]any, error) {
	text, name, err := c.keyText()
	if err != nil {
		return nil, err
	}
	if c.Algorithm == HS256 {
		return secret(text, name)
	}
	if name == "JWT_KEY" {
		text = bytes.ReplaceAll(text, []byte(`\n`), []byte("\n")) // many places that hold environment variables take one line only
	}
	var keys []any
	for rest := text; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			break
		}
		key, err := c.publicKey(block)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: want a public key for %s in PEM, -----BEGIN PUBLIC KEY-----", name, c.Algorithm)
	}
	if begun := bytes.Count(text, []byte(pemBegin)); begun != len(keys) { // package pem passes over the broken ones
		return nil, fmt.Errorf("%s: %d keys begin there, and %d can be read: one is cut off or garbled", name, begun, len(keys))
	}
	return keys, nil
}

// pemBegin is what a key in PEM begins with: RFC 7468, section 2.
const pemBegin = "-----BEGIN "

// keyText returns the text of the key, and the variable that it comes from.
func (c Config) keyText() (text []byte, name string, err error) {
	switch {
	case c.Key != "" && c.KeyFile != "":
		return nil, "", errors.New("JWT_KEY_FILE: JWT_KEY is set too; which of both counts is not for the service to guess")
	case c.Key != "":
		return []byte(c.Key), "JWT_KEY", nil
	case c.KeyFile != "":
		text, err := os.ReadFile(c.KeyFile)
		if err != nil {
			return nil, "", fmt.Errorf("JWT_KEY_FILE: %w", err)
		}
		return bytes.TrimRight(text, "\r\n"), "JWT_KEY_FILE", nil
	}
	return nil, "", errNoKey
}

// secret returns the key of HS256.
func secret(text []byte, name string) ([]any, error) {
	switch {
	case bytes.Contains(text, []byte(pemBegin)):
		// Who knew the public key could sign with it.
		return nil, fmt.Errorf("%s: is a key in PEM, which is no secret for HS256: set JWT_ALGORITHM to RS256 or EdDSA", name)
	case len(text) < leastSecret:
		return nil, fmt.Errorf("%s: has %d bytes; a secret for HS256 has at least %d: openssl rand -base64 32", name, len(text), leastSecret)
	}
	return []any{text}, nil
}

// publicKey reads one block of PEM as a key for the algorithm.
func (c Config) publicKey(block *pem.Block) (any, error) {
	if strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return nil, errors.New("is a private key: the service verifies only, so give it the public one")
	}
	key, err := parsePublicKey(block)
	if err != nil {
		return nil, err
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		if c.Algorithm == RS256 && k.N.BitLen() < leastRSA {
			return nil, fmt.Errorf("the RSA key has %d bits; want at least %d", k.N.BitLen(), leastRSA)
		}
		if c.Algorithm == RS256 {
			return k, nil
		}
	case ed25519.PublicKey:
		if c.Algorithm == EdDSA {
			return k, nil
		}
	}
	return nil, fmt.Errorf("a key of type %T does not fit JWT_ALGORITHM=%s", key, c.Algorithm)
}

// parsePublicKey reads the forms that a public key comes in.
func parsePublicKey(block *pem.Block) (any, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return cert.PublicKey, nil
	}
	return nil, fmt.Errorf("a block of type %q is no public key", block.Type)
}

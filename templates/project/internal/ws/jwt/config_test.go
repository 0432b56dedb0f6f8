package jwt_test

import (
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws/jwt"
)

func TestConfig(t *testing.T) {
	big, small, ed := newRSA(t, 2048), newRSA(t, 1024), newEd25519(t)
	der, err := x509.MarshalPKCS8PrivateKey(ed.private)
	if err != nil {
		t.Fatal(err)
	}
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	broken := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("no key")}))
	request := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	for _, test := range []struct {
		algorithm, key, file, want string
	}{
		{"HS256", secret, "", ""},
		{"RS256", big.public, "", ""},
		{"EdDSA", ed.public, "", ""},
		{"HS256", "", writeFile(t, secret+"\r\n"), ""},
		{"HS256", "", "", "JWT_KEY: set it, or JWT_KEY_FILE"},
		{"HS256", "hunter2", "", "JWT_KEY: has 7 bytes; a secret for HS256 has at least 32"},
		{"HS256", "", writeFile(t, "hunter2"), "JWT_KEY_FILE: has 7 bytes"},
		{"HS256", big.public, "", "JWT_KEY: is a key in PEM, which is no secret for HS256: set JWT_ALGORITHM"},
		{"HS256", private, "", "JWT_KEY: is a key in PEM"},
		{"HS256", secret, "/nowhere", "JWT_KEY_FILE: JWT_KEY is set too"},
		{"HS256", "", "/nowhere/key", "JWT_KEY_FILE: open /nowhere/key: "},
		{"RS256", secret, "", "JWT_KEY: want a public key for RS256 in PEM"},
		{"RS256", small.public, "", "JWT_KEY: the RSA key has 1024 bits; want at least 2048"},
		{"RS256", ed.public, "", "JWT_KEY: a key of type ed25519.PublicKey does not fit JWT_ALGORITHM=RS256"},
		{"EdDSA", big.public, "", "JWT_KEY: a key of type *rsa.PublicKey does not fit JWT_ALGORITHM=EdDSA"},
		{"EdDSA", ed.public + big.public, "", "JWT_KEY: a key of type *rsa.PublicKey does not fit"},
		{"EdDSA", ed.public + strings.Replace(ed.public, "M", "%", 1), "", "JWT_KEY: 2 keys begin there, and 1 can be read"},
		{"EdDSA", ed.public + ed.public[:60], "", "JWT_KEY: 2 keys begin there, and 1 can be read"},
		{"EdDSA", private, "", "JWT_KEY: is a private key: the service verifies only"},
		{"EdDSA", broken, "", "JWT_KEY: asn1: "},
		{"EdDSA", request, "", `JWT_KEY: a block of type "CERTIFICATE REQUEST" is no public key`},
		{"none", secret, "", `JWT_ALGORITHM="none": want HS256, RS256 or EdDSA`},
		{"hs256", secret, "", `JWT_ALGORITHM="hs256": want`},
		{"", secret, "", `JWT_ALGORITHM="": want`},
	} {
		c := jwt.DefaultConfig("service")
		c.Algorithm, c.Key, c.KeyFile = test.algorithm, test.key, test.file
		got := ""
		if err := c.Validate(false); err != nil {
			got = err.Error()
		}
		if test.want == "" && got != "" || !strings.HasPrefix(got, test.want) || strings.Contains(got, "\n") {
			t.Errorf("%s %.20s: %s\nwant %s", test.algorithm, test.key, got, test.want)
		}
		for _, hidden := range []string{"hunter2", secret, "BEGIN PRIVATE"} {
			if strings.Contains(got, hidden) {
				t.Errorf("the error shows the key: %s", got)
			}
		}
	}
}

// Debug makes up a secret, and nothing else.
func TestConfigInDebug(t *testing.T) {
	c := jwt.DefaultConfig("service")
	if err := c.Validate(true); err != nil {
		t.Error(err)
	}
	c.Key = "short"
	if err := c.Validate(true); err == nil {
		t.Error("a short secret is taken")
	}
	c.Algorithm, c.Key, c.Leeway = jwt.RS256, "", 2*time.Hour
	if err := c.Validate(true); err == nil || !strings.Contains(err.Error(), "JWT_KEY: set it") || !strings.Contains(err.Error(), "JWT_LEEWAY=2h0m0s: want 0s up to 1h") {
		t.Error(err)
	}
}

package redislayer_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/redislayer"
)

// TestCrowdWithoutTheServer: however many send while the server stands still, each is told in its own time, and what they
// send does not pile up.
func TestCrowdWithoutTheServer(t *testing.T) {
	t.Parallel()
	server := backends.StartRedis(t)
	b := open(t, server.URL)
	start(t, b)
	subscribe(t, b, "a")
	server.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	var crowd sync.WaitGroup
	for range 5000 {
		crowd.Go(func() {
			if err := b.Publish(ctx, "a", ws.Envelope{Data: make([]byte, 1000)}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("published: %v", err)
			}
		})
	}
	crowd.Wait()
	// The connection would be given up after 6 s: so long would wait who does not look at his context.
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("told after %v", took)
	}
	server.Resume()
	awaitReady(t, b, true)
	if err := b.Publish(t.Context(), "a", ws.Envelope{}); err != nil {
		t.Error(err)
	}
}

// TestTLS: rediss:// is encrypted, and a certificate that nobody vouches for is refused, unless that is asked for.
func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, key := selfSigned(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	backends.StartRedis(t, "--tls-port", port, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no")
	c := redislayer.DefaultConfig("test")
	c.URL = "rediss://" + address
	var unknown x509.UnknownAuthorityError
	if _, err := redislayer.Open(t.Context(), c); !errors.As(err, &unknown) {
		t.Errorf("a certificate of nobody: %v", err)
	}
	b := open(t, c.URL+"?skip_verify=true")
	in := start(t, b)
	subscribe(t, b, "a")
	if err := b.Publish(t.Context(), "a", ws.Envelope{Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	in.of(t, "a", func(got []string) bool { return len(got) == 1 })
}

// selfSigned writes a certificate for this machine and its key.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	public, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("certificate.pem", "CERTIFICATE", public), write("key.pem", "PRIVATE KEY", secret)
}

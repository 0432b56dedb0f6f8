package backends

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Nginx is an nginx that belongs to a test, with the configuration that docs/deployment.md shows; only where it listens, its
// certificate and the processes behind it are the test's. It ends with the test.
type Nginx struct {
	*server
	URL   string         // http://127.0.0.1:<port>
	TLS   string         // https://127.0.0.1:<port>
	Roots *x509.CertPool // who has signed its certificate

	config string // what stands in its file of settings
}

// nginxPage is where the configuration stands, below the repository.
const nginxPage = "docs/deployment.md"

// What a test has to say otherwise than the page.
var (
	nginxBlock    = regexp.MustCompile("(?s)\n```nginx\n(.*?)\n```\n")
	nginxListen   = regexp.MustCompile(`(?m)^    listen 443 ssl;$`)
	nginxCert     = regexp.MustCompile(`(?m)^    ssl_certificate( +)\S+;$`)
	nginxKey      = regexp.MustCompile(`(?m)^    ssl_certificate_key( +)\S+;$`)
	nginxUpstream = regexp.MustCompile(`(?m)(^    server 127\.0\.0\.1:\d+ [^;]*;\n)+`)
	nginxOptions  = regexp.MustCompile(`^    server \S+ ([^;]*);\n`)
)

// StartNginx starts an nginx before the upstreams, each an address as "127.0.0.1:40123". They need not be there yet.
func StartNginx(t testing.TB, upstreams ...string) *Nginx {
	t.Helper()
	s := newServer(t, "nginx")
	tls := freeAddr(t)
	n := &Nginx{server: s, URL: "http://" + s.addr, TLS: "https://" + tls, Roots: x509.NewCertPool()}
	if err := n.certify(); err != nil {
		t.Fatal(err)
	}
	main, sites := nginxConfig(t)
	sites = substitute(t, sites, nginxListen, fmt.Sprintf("    listen %s;\n    listen %s ssl;", s.addr, tls))
	sites = substitute(t, sites, nginxCert, fmt.Sprintf("    ssl_certificate${1}%q;", filepath.Join(s.dir, "cert.pem")))
	sites = substitute(t, sites, nginxKey, fmt.Sprintf("    ssl_certificate_key${1}%q;", filepath.Join(s.dir, "key.pem")))
	var list strings.Builder
	options := nginxOptions.FindStringSubmatch(nginxUpstream.FindString(sites))
	for _, u := range upstreams {
		fmt.Fprintf(&list, "    server %s %s;\n", u, options[1])
	}
	sites = substitute(t, sites, nginxUpstream, list.String())
	n.config = main + "\n" + n.own() + "http {\n" + n.temporary() + sites + "\n}\n"
	s.args = []string{"-p", s.dir, "-c", filepath.Join(s.dir, "nginx.conf"), "-e", "stderr"}
	// A request that is none is answered by nginx itself.
	s.ready = func(ctx context.Context) error { return converse(ctx, s.addr, "?\r\n\r\n", "400 Bad Request") }
	n.Start()
	return n
}

// nginxConfig reads the two blocks of the page: of the main file, and of the file beside it.
func nginxConfig(t testing.TB) (main, sites string) {
	t.Helper()
	root, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, nginxPage))
	if err != nil {
		t.Fatal(err)
	}
	blocks := nginxBlock.FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 2 {
		t.Fatalf("%s has %d blocks of nginx, want one for the main file and one for the site", nginxPage, len(blocks))
	}
	return blocks[0][1], blocks[1][1]
}

// substitute replaces the one place where a pattern fits.
func substitute(t testing.TB, text string, pattern *regexp.Regexp, with string) string {
	t.Helper()
	if n := len(pattern.FindAllString(text, -1)); n != 1 {
		t.Fatalf("%s: %q fits %d places, want 1", nginxPage, pattern, n)
	}
	return pattern.ReplaceAllString(text, with)
}

// own returns what has nginx stay in the foreground, as one process: killing that leaves nobody.
func (n *Nginx) own() string {
	lines := "daemon off;\nmaster_process off;\npid " + filepath.Join(n.dir, "nginx.pid") + ";\n"
	if os.Geteuid() == 0 {
		lines += "user root;\n" // the folder is the test's
	}
	return lines
}

// temporary returns where nginx keeps files: in the folder alone.
func (n *Nginx) temporary() string {
	lines := fmt.Sprintf("access_log %q;\n", filepath.Join(n.dir, "access.log"))
	for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		lines += fmt.Sprintf("%s_temp_path %q;\n", what, filepath.Join(n.dir, what))
	}
	return lines
}

// Start starts nginx, and returns when it listens. Nothing happens where it runs.
func (n *Nginx) Start() {
	n.t.Helper()
	if err := os.WriteFile(filepath.Join(n.dir, "nginx.conf"), []byte(n.config), 0o600); err != nil {
		n.t.Fatal(err)
	}
	n.server.Start()
}

// Replace starts it again with another text in the one place of its configuration where old stands: a shorter time, say.
func (n *Nginx) Replace(old, with string) {
	n.t.Helper()
	if c := strings.Count(n.config, old); c != 1 {
		n.t.Fatalf("%s holds %q %d times, want once", nginxPage, old, c)
	}
	n.config = strings.Replace(n.config, old, with, 1)
	n.Kill()
	n.Start()
}

// AccessLog returns what nginx has noted of the requests that are over.
func (n *Nginx) AccessLog() string {
	n.t.Helper()
	text, err := os.ReadFile(filepath.Join(n.dir, "access.log"))
	if err != nil {
		n.t.Fatal(err)
	}
	return string(text)
}

// certify makes the certificate, which signs itself.
func (n *Nginx) certify() error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: key}} {
		text := pem.EncodeToMemory(block)
		if name == "cert.pem" {
			n.Roots.AppendCertsFromPEM(text)
		}
		if err := os.WriteFile(filepath.Join(n.dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

package backends_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wsgen/golden/backends"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ask sends a command to a redis-server, and returns the line it answers.
func ask(t *testing.T, r *backends.Redis, command string) string {
	t.Helper()
	c, err := net.DialTimeout("tcp", r.Addr(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fprintf(c, "%s\r\n", command); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// TestRedis: what it was told outlives a kill and a stop, but not an emptying.
func TestRedis(t *testing.T) {
	r := backends.StartRedis(t)
	if got := ask(t, r, "SET k v"); got != "+OK" {
		t.Fatal(got)
	}
	was := r.Pid()
	r.Kill()
	if c, err := net.Dial("tcp", r.Addr()); err == nil {
		_ = c.Close()
		t.Error("it listens after its death")
	}
	r.Start()
	if got := ask(t, r, "STRLEN k"); got != ":1" || r.Pid() == was {
		t.Errorf("after a kill: %s", got)
	}
	r.Restart()
	if got := ask(t, r, "STRLEN k"); got != ":1" {
		t.Errorf("after a stop: %s", got)
	}
	r.Empty()
	if got := ask(t, r, "STRLEN k"); got != ":0" {
		t.Errorf("emptied: %s", got)
	}
}

func TestRedisWithPassword(t *testing.T) {
	r := backends.StartRedis(t, "--requirepass", "secret")
	if got := ask(t, r, "GET k"); !strings.HasPrefix(got, "-NOAUTH") {
		t.Error(got)
	}
}

// TestNATS: it has JetStream, and takes further settings.
func TestNATS(t *testing.T) {
	n := backends.StartNATS(t, "max_payload: 2MB")
	for range 2 {
		c, err := net.DialTimeout("tcp", n.Addr(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		info, err := bufio.NewReader(c).ReadString('\n')
		_ = c.Close()
		if err != nil || !strings.Contains(info, `"jetstream":true`) || !strings.Contains(info, `"max_payload":2097152`) {
			t.Errorf("%s %v", info, err)
		}
		n.Kill()
		n.Start()
	}
	n.Restart()
	n.Empty()
}

// TestPause: a server that stands still takes connections, but answers only when it goes on.
func TestPause(t *testing.T) {
	r := backends.StartRedis(t)
	r.Pause()
	c, err := net.DialTimeout("tcp", r.Addr(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 7)
	if _, err := c.Read(answer); !errors.Is(err, os.ErrDeadlineExceeded) && runtime.GOOS == "linux" {
		t.Errorf("paused, but %q, %v", answer, err)
	}
	r.Resume()
	if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, answer); err != nil || string(answer) != "+PONG\r\n" {
		t.Errorf("%q, %v", answer, err)
	}
}

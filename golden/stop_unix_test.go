//go:build unix

package golden

import (
	"net/http"
	"syscall"
	"testing"
	"time"
)

// What a platform sees of a service that it stops: first it is only not ready any more, and serves everybody on, so that a load
// balancer has time to notice; a second signal ends the process at once, whatever it waits for.
func TestStopInSteps(t *testing.T) {
	s := start(t, build(t, "minimal"), "DRAIN_DELAY=1h")
	before := s.dial(t, "/ws/echo", nil)
	if resp, _ := s.request(t, "GET", "/readyz", nil); resp.StatusCode != http.StatusOK {
		t.Errorf("/readyz says %s before the signal", resp.Status)
	}
	if err := s.cmd.Process.Signal(terminate); err != nil {
		t.Fatal(err)
	}
	s.log.waitFor(t, `"msg":"stopping"`)
	for path, want := range map[string]int{"/readyz": http.StatusServiceUnavailable, "/healthz": http.StatusOK, "/": http.StatusOK} {
		if resp, _ := s.request(t, "GET", path, nil); resp.StatusCode != want {
			t.Errorf("%s says %s during DRAIN_DELAY, want %d", path, resp.Status, want)
		}
	}
	echoes(t, before)
	echoes(t, s.dial(t, "/ws/echo", nil))

	// The first signal's watcher may not have let go yet when the line is in the log: a signal in that moment is lost, and another
	// one follows. They do not come without a pause: a Go program that is ended by one may crash over the next.
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for begin, ended := time.Now(), false; !ended; {
		_ = s.cmd.Process.Signal(terminate) // an error means that the process has ended
		select {
		case <-s.exited:
			ended = true
		case <-again.C:
			if time.Since(begin) > patience {
				t.Fatal("the second signal does not end it")
			}
		}
	}
	status, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != terminate {
		t.Errorf("the second signal: %v, want the process ended by it", s.cmd.ProcessState)
	}
}

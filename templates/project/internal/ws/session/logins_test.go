package session

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
)

// clocked is what a test of the index goes by: until when the one session holds, as the store says, and how its socket ended.
type clocked struct {
	*logins
	began time.Time
	hold  chan struct{} // where it is set, a look waits for it

	store   sync.Mutex    // guards the rest
	expires time.Duration // since began; 0 where there is no such session
	err     error
	looks   int
	ended   []string // the reason, and after which time
}

// set changes what the store says.
func (c *clocked) set(expires time.Duration, err error) {
	c.store.Lock()
	defer c.store.Unlock()
	c.expires, c.err = expires, err
}

func (c *clocked) end(reason string) {
	c.store.Lock()
	defer c.store.Unlock()
	c.ended = append(c.ended, reason+" after "+time.Since(c.began).String())
}

// watched returns an index with one session in it that has one socket. It runs in a bubble: time is the bubble's.
func watched(t *testing.T, expires time.Duration) (c *clocked, stop func()) {
	t.Helper()
	layer := ws.NewMemoryLayer()
	t.Cleanup(func() { _ = layer.Close() })
	c = &clocked{began: time.Now(), expires: expires}
	c.logins = &logins{layer: layer, expiry: func(context.Context, string) (time.Time, bool, error) {
		if c.hold != nil {
			<-c.hold
		}
		c.store.Lock()
		defer c.store.Unlock()
		c.looks++
		return c.began.Add(c.expires), c.expires > time.Since(c.began), c.err
	}}
	w, err := c.enter(t.Context(), "key")
	if err != nil {
		t.Fatal(err)
	}
	return c, w.start(c.began.Add(expires), c.end)
}

// expect checks how the socket ended, and that nothing is left behind where it did.
func (c *clocked) expect(t *testing.T, want string) {
	t.Helper()
	synctest.Wait()
	c.mu.Lock() // of the index, which ends sockets with it held
	defer c.mu.Unlock()
	c.store.Lock()
	defer c.store.Unlock()
	if got := strings.Join(c.ended, "; "); got != want {
		t.Errorf("ended: %q, want %q", got, want)
	}
	if want != "" && len(c.known) > 0 {
		t.Errorf("%d logins are left", len(c.known))
	}
}

func TestSocketEndsWithItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := watched(t, time.Minute)
		time.Sleep(time.Minute - 1)
		c.expect(t, "")
		time.Sleep(time.Nanosecond)
		c.expect(t, "the session is over after 1m0s")
		stop()
	})
}

// Where the session was prolonged, its sockets stay as long.
func TestSocketStaysWithItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := watched(t, time.Minute)
		time.Sleep(50 * time.Second)
		c.set(3*time.Minute, nil)
		time.Sleep(2 * time.Minute)
		c.expect(t, "")
		time.Sleep(10 * time.Second)
		c.expect(t, "the session is over after 3m0s")
		stop()
	})
}

// A session that somebody has removed by hand is missed before it expires.
func TestSessionIsMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := watched(t, 24*time.Hour)
		time.Sleep(12 * time.Minute)
		c.set(0, nil)
		time.Sleep(2 * time.Minute)
		c.expect(t, "")
		time.Sleep(time.Minute)
		c.expect(t, "the session is over after 15m0s")
		if c.looks != 3 {
			t.Errorf("looked %d times in 15 minutes", c.looks)
		}
		stop()
	})
}

// A store that cannot be asked ends no socket at once: the session may have been prolonged. But it does not keep it for ever.
func TestStoreCannotBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := watched(t, time.Minute)
		c.set(time.Minute, errors.New("down"))
		time.Sleep(2 * time.Minute)
		c.expect(t, "")
		c.set(3*time.Minute, nil)
		time.Sleep(time.Minute - 1)
		c.expect(t, "")
		c.set(3*time.Minute, errors.New("down again"))
		time.Sleep(5*time.Minute - 1)
		c.expect(t, "")
		time.Sleep(10 * time.Second)
		c.expect(t, "the session is over after 8m0s")
		stop()
	})
}

// Many words that notices may be missing have every session looked up once more, and not once for each of them.
func TestLookAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := watched(t, time.Hour)
		c.hold = make(chan struct{})
		for range 10 {
			c.lookAll()
			synctest.Wait()
		}
		close(c.hold)
		synctest.Wait()
		c.lookAll()
		c.expect(t, "")
		if c.looks != 3 {
			t.Errorf("looked %d times: once, once again for nine more words, and once later", c.looks)
		}
		c.set(0, nil)
		c.lookAll()
		c.expect(t, "the session is over after 0s")
		stop()
	})
}

// A watch that is over leaves nothing behind, and no timer that looks for nobody.
func TestWatchLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := watched(t, time.Minute)
		second, err := c.enter(t.Context(), "key")
		if err != nil {
			t.Fatal(err)
		}
		second.settle() // a handshake that came to nothing
		second.start(time.Now(), func(string) { t.Error("ended a socket that there never was") })
		stop()
		stop()
		c.close("key", signedOut)
		time.Sleep(time.Hour)
		c.expect(t, "")
		if c.looks > 0 || c.known != nil {
			t.Errorf("looked %d times, %d logins", c.looks, len(c.known))
		}
	})
}

// Of a logout between the look at the session and the accept, the socket hears as soon as there is one.
func TestWatchOfALoginThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := watched(t, time.Hour)
		stop()
		w, err := c.enter(t.Context(), "key")
		if err != nil {
			t.Fatal(err)
		}
		c.logins.end(t.Context(), "key", signedOut)
		w.start(time.Now().Add(time.Hour), c.end)
		w.settle()
		c.expect(t, "signed out after 0s")
	})
}

func TestMemoryStoreForgetsWhatHasExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m memoryStore
		ctx := t.Context()
		set := func(key string, replace bool) {
			t.Helper()
			if err := m.SetValue(ctx, key, []byte(key), time.Now().Add(time.Minute), replace); err != nil {
				t.Fatal(err)
			}
		}
		set("new", true)
		if _, ok, err := m.GetValue(ctx, "new"); ok || err != nil {
			t.Error("what was not there was replaced")
		}
		for range 100 {
			for range 100 {
				set(rand.Text(), false)
			}
			time.Sleep(10 * time.Second)
		}
		if n := len(m.values); n > 2*fewValues {
			t.Errorf("%d values are kept, of which at most 700 hold", n)
		}
		set("a", false)
		time.Sleep(time.Minute - 1)
		if v, ok, _ := m.GetValue(ctx, "a"); !ok || string(v) != "a" {
			t.Error("forgotten early")
		}
		time.Sleep(time.Nanosecond)
		if _, ok, _ := m.GetValue(ctx, "a"); ok {
			t.Error("found after its time")
		}
	})
}

package golden

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"wsgen/golden/cutproxy"
)

// The rules of the JavaScript client that hang on the browser: what it makes of a page that is hidden, frozen, offline, left
// and come back to, loaded again, or open twice, and which closes are final. In a real Chromium, against a real service.

// rulesPage is the page of testdata/rules in a browser, and the service behind it.
type rulesPage struct {
	*tab
	*testing.T
	bin     string
	service *service
	proxy   *cutproxy.Proxy // between the two
	seen    int             // how many of the page's events were asked for
}

// throttling has Chromium treat pages that nobody sees as it does on a desk: their timers run once a second. chromedp asks it not to.
func throttling(a *chromedp.ExecAllocator) {
	for _, flag := range []string{"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding"} {
		chromedp.Flag(flag, false)(a)
	}
}

// buildRules emits and builds the service of testdata/rules.
func buildRules(t *testing.T) string {
	t.Helper()
	source, dir := filepath.Join("testdata", "rules"), filepath.Join(t.TempDir(), "rules")
	if code, out := wsgen("new", "project", "--spec", filepath.Join(source, "wsgen.yaml"), "--dir", dir); code != 0 {
		t.Fatalf("wsgen new project exits %d:\n%s", code, out)
	}
	for path, text := range readTree(t, source) {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(path)), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return build(t, dir)
}

// openRules opens the page, whose client waits so many milliseconds before each attempt. Of what happens to the page itself it
// notes the events that log names, with a comma between them.
func openRules(t *testing.T, bin string, wait int, log string, env ...string) *rulesPage {
	t.Helper()
	s := start(t, bin, append([]string{"ALLOWED_ORIGINS=*"}, env...)...)
	p := &rulesPage{T: t, bin: bin, service: s, proxy: cutproxy.Start(t, strings.TrimPrefix(s.url, "http://"), 1, nil)}
	p.tab = openBrowser(t, throttling)
	p.do(t, chromedp.Navigate(fmt.Sprintf("%s/?wait=%d&log=%s", p.proxy.URL(), wait, log)))
	p.sees("open")
	return p
}

// sees waits for the next events of the page, and fails the test unless they are these, in this order.
func (p *rulesPage) sees(want ...string) {
	p.Helper()
	p.until(fmt.Sprintf("window.events?.length >= %d", p.seen+len(want)))
	got := evaluate[[]string](p.T, p.tab, "window.events")
	if next := got[p.seen : p.seen+len(want)]; !slices.Equal(next, want) {
		p.Fatalf("the page saw %q, want %q; all of it: %q", next, want, got)
	}
	p.seen += len(want)
}

// until waits until an expression is true in the page. It asks from outside, again and again: a question that waits inside the
// page would wait for ever where that page is frozen, or changed for another.
func (p *rulesPage) until(expression string) {
	p.Helper()
	for end := time.Now().Add(patience / 4); ; time.Sleep(20 * time.Millisecond) {
		once, cancel := context.WithTimeout(p.ctx, patience/60)
		ok, err := chromedp.Run(once, chromedp.Evaluate[bool]("!!("+expression+")"))
		cancel()
		if err == nil && ok {
			return
		}
		if time.Now().After(end) {
			events, _ := chromedp.Run(p.ctx, chromedp.Evaluate[[]string]("window.events")) // for the message alone
			p.Fatalf("%s: %v\nthe page saw %q\nthe console:\n%s", expression, err, events, p.console)
		}
	}
}

// run evaluates an expression in the page.
func (p *rulesPage) run(expression string) {
	p.Helper()
	evaluate[any](p.T, p.tab, "("+expression+", null)")
}

// publish has the service publish something while the page may be away: by a client that is not ours.
func (p *rulesPage) publish(text string) {
	p.Helper()
	conn := p.service.dial(p.T, "/ws/rules", nil)
	if err := conn.Write(deadline(p.T), 1, []byte("publish "+text)); err != nil {
		p.Fatal(err)
	}
	if _, data, err := conn.Read(deadline(p.T)); err != nil || string(data) != text {
		p.Fatalf("published %q, got %q, %v", text, data, err)
	}
}

// staysClosed fails the test unless the socket is closed for good: all that may wake it has come, and another socket that was
// made after it has opened and closed, while it made no attempt.
func (p *rulesPage) staysClosed() {
	p.Helper()
	made := evaluate[int](p.T, p.tab, "connections")
	p.run(`["online", "pageshow"].forEach((type) => dispatchEvent(new Event(type)))`)
	p.run(`document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))`)
	evaluate[bool](p.T, p.tab, `new Promise((done) => {
		const other = connect();
		other.addEventListener("open", () => other.close());
		other.addEventListener("close", () => done(true));
	})`)
	if got := evaluate[int](p.T, p.tab, "connections"); got != made+1 {
		p.Errorf("it made %d attempts after its end", got-made-1)
	}
	if got := evaluate[int](p.T, p.tab, "socket.readyState"); got != 3 {
		p.Errorf("its state is %d, want 3, CLOSED", got)
	}
}

func TestClientRules(t *testing.T) {
	bin := buildRules(t)
	t.Run("final codes", func(t *testing.T) { testFinalCodes(t, bin) })
	t.Run("closed by the page", func(t *testing.T) { testClosedByThePage(t, bin) })
	t.Run("codes that reconnect", func(t *testing.T) { testReconnectingCodes(t, bin) })
	t.Run("a service that is killed", func(t *testing.T) { testKilledService(t, bin) })
	t.Run("offline and online", func(t *testing.T) { testOffline(t, bin) })
	t.Run("hidden", func(t *testing.T) { testHidden(t, bin) })
	t.Run("frozen", func(t *testing.T) { testFrozen(t, bin) })
	t.Run("back/forward cache", func(t *testing.T) { testBackForwardCache(t, bin) })
	t.Run("reloaded and opened twice", func(t *testing.T) { testNewClients(t, bin) })
}

// After these codes of the service the socket does not come back.
func testFinalCodes(t *testing.T, bin string) {
	p := openRules(t, bin, 0, "")
	for _, code := range []int{1000, 1008, 4500, 4503, 4999} {
		p.run(fmt.Sprintf(`socket.send("close %d")`, code))
		p.sees(fmt.Sprintf("close %d final", code))
		p.staysClosed()
		p.run(`events.length = 0, socket = connect()`)
		p.seen = 0
		p.sees("open")
	}
}

// What the page itself closes stays closed: an open socket, one that is about to come back, and one in its own onclose.
func testClosedByThePage(t *testing.T, bin string) {
	p := openRules(t, bin, 0, "")
	p.run(`socket.close()`)
	p.sees("close 1005 final")
	p.staysClosed()

	p.run(`events.length = 0, socket = connect(), socket.addEventListener("close", () => socket.close(3000), { once: true })`)
	p.seen = 0
	p.sees("open")
	p.run(`socket.send("close 1012")`)
	p.sees("close 1012 again", "close 3000 final")
	p.staysClosed()
}

func testReconnectingCodes(t *testing.T, bin string) {
	p := openRules(t, bin, 20, "")
	for _, code := range []int{1001, 1011, 1012, 1013, 4000, 4008, 4499} {
		p.run(fmt.Sprintf(`socket.send("close %d")`, code))
		p.sees(fmt.Sprintf("close %d again", code), "open")
	}
	p.proxy.Cut(cutproxy.Reset)
	p.sees("close 1006 again", "open")
	p.run(`socket.send("still here")`)
	p.sees("message still here")
}

// The service dies, and another process of it comes: what the page sent meanwhile arrives, and of the stream, which died with
// the service, it is told.
func testKilledService(t *testing.T, bin string) {
	p := openRules(t, bin, 60_000, "online")
	p.publish("one")
	p.sees("story one")
	if err := p.service.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.service.exited
	p.sees("close 1006 again")
	p.run(`sendResult = socket.send("to the next")`)
	if got := evaluate[string](t, p.tab, "sendResult"); got != "queued" {
		t.Errorf("send said %q, want queued", got)
	}
	p.service = start(t, bin, "ALLOWED_ORIGINS=*")
	p.proxy.Retarget(strings.TrimPrefix(p.service.url, "http://"))
	p.run(`dispatchEvent(new Event("online"))`) // rather than wait for a minute
	p.sees("online", "open")
	// The echo and the reset come in either order: one is the consumer's, the other the stream's.
	p.until(`events.includes("message to the next") && events.includes("reset restarted null")`)
	p.seen += 2
	p.publish("two")
	p.sees("story two")
}

// The network goes and comes. The client waits a minute before each attempt here, so that nothing but the event brings it back.
func testOffline(t *testing.T, bin string) {
	p := openRules(t, bin, 60_000, "online,offline")
	p.emulate(true)
	p.sees("offline")
	p.proxy.Cut(cutproxy.Reset)
	p.sees("close 1006 again")
	p.publish("meanwhile")
	p.emulate(false)
	p.sees("online", "open", "story meanwhile")
}

// emulate takes the network away, or brings it back.
func (p *rulesPage) emulate(offline bool) {
	p.Helper()
	params := network.OverrideNetworkStateParams{Offline: offline, DownloadThroughput: -1, UploadThroughput: -1}
	if _, err := chromedp.Call(p.ctx, network.OverrideNetworkState, params); err != nil {
		p.Fatal(err)
	}
}

// A tab behind another one goes on, and comes back from a cut, also from one that it can tell by the silence alone.
func testHidden(t *testing.T, bin string) {
	p := openRules(t, bin, 20, "visibilitychange", "PING_INTERVAL=500ms", "PONG_TIMEOUT=3s")
	front, cancel := chromedp.NewContext(p.ctx, chromedp.WithNewWindow(false))
	t.Cleanup(cancel)
	if err := chromedp.Do(front, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	p.sees("hidden")
	p.publish("one")
	p.sees("story one")
	p.proxy.Cut(cutproxy.Reset)
	p.sees("close 1006 again", "open")
	p.proxy.Cut(cutproxy.Silence)
	p.publish("two")
	p.sees("close 1006 again", "open", "story two")
	if _, err := chromedp.Call(p.ctx, page.BringToFront, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	p.sees("visible")
	p.publish("three")
	p.sees("story three")
}

// The browser stops the page altogether: no timer, no event. When it goes on, the connection is dead, for the service has heard
// nothing; the page comes back and misses nothing.
func testFrozen(t *testing.T, bin string) {
	p := openRules(t, bin, 20, "freeze,resume", "PING_INTERVAL=300ms", "PONG_TIMEOUT=2s", "CLOSE_TIMEOUT=200ms", "LOG_LEVEL=debug")
	p.lifecycle("frozen")
	p.service.log.waitFor(t, "no answer to a ping")
	p.publish("meanwhile")
	p.lifecycle("active")
	// Whether it finds out by the clock (1006) or by what the service said meanwhile (1001) is a race.
	p.until(`events.length >= 6`)
	events := strings.Join(evaluate[[]string](t, p.tab, "events"), ", ")
	want := regexp.MustCompile(`^open, freeze, resume, close 100[16] again, open, story meanwhile$`)
	if !want.MatchString(events) {
		t.Errorf("the page saw %s", events)
	}
}

func (p *rulesPage) lifecycle(state page.SetWebLifecycleStateState) {
	p.Helper()
	if _, err := chromedp.Call(p.ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state}); err != nil {
		p.Fatal(err)
	}
}

// The page is left, kept by the browser, and come back to: the same page object, with the same client in it.
func testBackForwardCache(t *testing.T, bin string) {
	p := openRules(t, bin, 60_000, "pagehide,pageshow")
	id := p.clientID()
	p.publish("one")
	p.sees("story one")
	p.do(t, chromedp.Navigate(p.proxy.URL()+"/away.html"))
	p.publish("meanwhile")
	p.run(`setTimeout(() => history.back())`) // chromedp's own waits for a load, which does not come
	p.sees("pagehide", "close 1001 again", "pageshow", "open", "story meanwhile")
	if got := p.clientID(); got != id {
		t.Errorf("it came back as client %s, it was %s", got, id)
	}
}

// clientID returns what the page last called itself.
func (p *rulesPage) clientID() string {
	p.Helper()
	frame := evaluate[string](p.T, p.tab, `sent.filter((frame) => frame.startsWith('c{"type":"client"')).at(-1)`)
	var client struct{ ID string }
	if err := json.Unmarshal([]byte(frame[1:]), &client); err != nil || len(client.ID) != 32 {
		p.Fatalf("the frame of the client is %q: %v", frame, err)
	}
	return client.ID
}

// A page that is loaded again is another client, which starts with all that is kept; so is one that another page opens, with a
// copy of its session. None of them takes the other's place.
func testNewClients(t *testing.T, bin string) {
	p := openRules(t, bin, 20, "")
	first := p.clientID()
	p.publish("one")
	p.sees("story one")
	p.do(t, chromedp.Reload())
	p.seen = 0
	p.sees("open", "story one")
	second := p.clientID()
	if second == first {
		t.Error("a page that was loaded again is the same client")
	}
	p.run(`sessionStorage.setItem("copied", "yes"), twin = open(location)`)
	p.until(`twin.events?.length === 2`)
	if got := evaluate[string](t, p.tab, `[twin.sessionStorage.getItem("copied"), ...twin.events].join()`); got != "yes,open,story one" {
		t.Errorf("the second tab has %q", got)
	}
	if evaluate[bool](t, p.tab, `sent[0] === twin.sent[0]`) {
		t.Error("two tabs are one client")
	}
	p.publish("two")
	p.until(`twin.events.length === 3`)
	p.sees("story two")
}

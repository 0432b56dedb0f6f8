package golden

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// tab is one page of a real Chromium.
type tab struct {
	ctx     context.Context
	console *buffer // what the page logged, and what it threw
}

// openBrowser starts a Chromium of the test's own, with an empty profile and without talk to anybody but the pages it opens.
func openBrowser(t *testing.T, further ...chromedp.ExecAllocatorOption) *tab {
	t.Helper()
	path := need(t, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-sandbox", os.Getuid() == 0), // Chromium's sandbox refuses to run as root
	)
	options = append(options, further...)
	bounded, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	allocator, cancel := chromedp.NewExecAllocator(bounded, options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("close the browser: %v", err)
		}
	})
	b := &tab{ctx: ctx, console: new(buffer)}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return // the tab is closed
			}
			fmt.Fprintf(b.console, "%s: %s\n", m.Type, m.Text)
		}
	}()
	return b
}

// do runs steps in the tab.
func (b *tab) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatalf("%v\nthe console:\n%s", err, b.console)
	}
}

// until waits until an expression of JavaScript is true in the page.
func (b *tab) until(t *testing.T, expression string) {
	t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience/4)))
	if err != nil {
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body.innerText")) // for the message alone
		t.Fatalf("%s: %v\nthe page:\n%s\nthe console:\n%s", expression, err, text, b.console)
	}
}

// evaluate returns the value of an expression of JavaScript, after the promise that it may be.
func evaluate[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v\nthe console:\n%s", expression, err, b.console)
	}
	return value
}

// card is the part of the emitted page that shows one route.
type card struct {
	*tab
	path string
}

// css returns the selector of something in the card.
func (c card) css(inside string) chromedp.CSS {
	return chromedp.CSS(`.route[data-path=` + strconv.Quote(c.path) + `] ` + inside)
}

// shows waits until the card's state is the one given.
func (c card) shows(t *testing.T, state string) {
	t.Helper()
	c.until(t, fmt.Sprintf("document.querySelector(%q).textContent === %q", c.css(".state"), state))
}

// logs waits until the card's log holds a line of just this text.
func (c card) logs(t *testing.T, line string) {
	t.Helper()
	c.until(t, fmt.Sprintf("[...document.querySelectorAll(%q)].some((line) => line.textContent === %q)", c.css(".log span"), line))
}

// The page that a user sees first: it lists every route, and each connects, sends, shows the echo and the close code.
func TestPage(t *testing.T) {
	for _, p := range stubs() {
		t.Run(p.name, func(t *testing.T) {
			s := startGolden(t, p.name)
			b := openBrowser(t)
			b.do(t, chromedp.Navigate(s.url))
			b.until(t, fmt.Sprintf("document.title === %q", p.name))
			if hasUsers(p.name) {
				signIn(t, b)
			}
			routes := readRoutes(t, p.name)
			if got := evaluate[int](t, b, "document.querySelectorAll('.route').length"); got != len(routes) {
				t.Fatalf("the page shows %d routes of %d", got, len(routes))
			}
			for _, route := range routes {
				testCard(t, card{b, route.Path}, string(route.Consumer.Mode))
			}
			if log := b.console.String(); log != "" {
				t.Errorf("the console is not empty:\n%s", log)
			}
		})
	}
}

func testCard(t *testing.T, c card, mode string) {
	t.Helper()
	c.do(t, chromedp.Click(c.css("[name=connect]")))
	c.shows(t, "open")
	c.do(t,
		chromedp.Clear(c.css("[name=message]")),
		chromedp.SendKeys(c.css("[name=message]"), "<b>hello</b> wörld"),
		chromedp.Click(c.css("[name=send]")),
	)
	c.logs(t, "→ <b>hello</b> wörld")
	c.logs(t, "← <b>hello</b> wörld")
	if mode == "async" {
		c.do(t, chromedp.Click(c.css("[name=request]")))
		c.logs(t, "← <b>hello</b> wörld (reply)")
	}
	c.do(t, chromedp.Click(c.css("[name=close]")))
	c.shows(t, "closed 1000")
}

// A service that restarts under an open page: the page shows 1012, comes back by itself, and what it sent meanwhile arrives.
func TestPageOutlivesARestart(t *testing.T) {
	bin := build(t, "minimal")
	s := start(t, bin)
	b := openBrowser(t)
	b.do(t, chromedp.Navigate(s.url))
	echo := card{b, "/ws/echo"}
	echo.do(t, chromedp.Click(echo.css("[name=connect]")))
	echo.shows(t, "open")

	if code := s.stop(t); code != 0 {
		t.Fatalf("it exited %d, want 0", code)
	}
	echo.logs(t, "closed 1012, service restart; will reconnect")
	echo.do(t, chromedp.Click(echo.css("[name=send]")))
	echo.logs(t, "→ hello (queued)")

	start(t, bin, "ADDR="+strings.TrimPrefix(s.url, "http://"))
	echo.shows(t, "open")
	echo.logs(t, "← hello")
}

// handWritten is a page as people write them, without the emitted client.
const handWritten = `<!doctype html><title>by hand</title><script>
	window.events = [];
	const socket = new WebSocket(%q);
	socket.onopen = () => { events.push("open " + socket.protocol); socket.send("hello"); };
	socket.onmessage = (e) => { events.push("message " + e.data); socket.close(4000, "bye"); };
	socket.onerror = () => events.push("error");
	socket.onclose = (e) => { events.push("close " + e.code + " " + e.reason + " " + e.wasClean); window.done = true; };
</script>`

// A page from another server talks to the service where its origin is allowed, and is refused where it is not.
func TestHandWrittenPage(t *testing.T) {
	bin := build(t, "minimal")
	tests := []struct {
		name, allowed string // allowed is the page's own origin where it is "page"
		want          []string
	}{
		{"allowed", "page", []string{"open ", "message hello", "close 4000 bye true"}},
		{"foreign", "https://example.com", []string{"error", "close 1006  false"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			page := httptest.NewUnstartedServer(nil)
			origin := "http://" + page.Listener.Addr().String()
			s := start(t, bin, "ALLOWED_ORIGINS="+strings.ReplaceAll(test.allowed, "page", origin))
			page.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				fmt.Fprintf(w, handWritten, "ws"+strings.TrimPrefix(s.url, "http")+"/ws/echo")
			})
			page.Start()
			t.Cleanup(page.Close)

			b := openBrowser(t)
			b.do(t, chromedp.Navigate(origin))
			b.until(t, "window.done === true")
			got := evaluate[[]string](t, b, "window.events")
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", test.want) {
				t.Errorf("the page saw %q, want %q", got, test.want)
			}
		})
	}
}

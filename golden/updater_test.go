package golden

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"wsgen/golden/cutproxy"
)

// updates is a page of golden/updater in a real Chromium.
type updates struct{ *tab }

// startUpdater runs the service; unless env has another UPDATE_TIME, a server takes about a second, and all of them about five.
func startUpdater(t *testing.T, env ...string) *service {
	t.Helper()
	return start(t, build(t, "updater"), append([]string{"ALLOWED_ORIGINS=same-host", "UPDATE_TIME=1s"}, env...)...)
}

// openUpdates opens the page in a browser of its own.
func openUpdates(t *testing.T, url string) updates {
	t.Helper()
	p := updates{openBrowser(t)}
	p.do(t, chromedp.Navigate(url))
	return p
}

// secondTab opens the page in another tab of the same browser.
func (p updates) secondTab(t *testing.T, url string) updates {
	t.Helper()
	ctx, cancel := chromedp.NewContext(p.ctx)
	t.Cleanup(cancel)
	second := updates{&tab{ctx: ctx, console: p.console}}
	second.do(t, chromedp.Navigate(url))
	return second
}

// press clicks a button of the page once it can be clicked.
func (p updates) press(t *testing.T, name string) {
	t.Helper()
	p.until(t, fmt.Sprintf("document.querySelector('[name=%s]')?.disabled === false", name))
	p.do(t, chromedp.Click(chromedp.CSS("[name="+name+"]")))
}

// job waits until the job is in a state.
func (p updates) job(t *testing.T, state string) {
	t.Helper()
	p.until(t, fmt.Sprintf("document.getElementById('job')?.dataset.state === %q", state))
}

// link waits until the connection is in a state: live, quiet, reconnecting, closed.
func (p updates) link(t *testing.T, state string) {
	t.Helper()
	p.until(t, fmt.Sprintf("document.getElementById('link')?.dataset.link === %q", state))
}

// says waits until the page says something of the job.
func (p updates) says(t *testing.T, text string) {
	t.Helper()
	p.until(t, fmt.Sprintf("document.getElementById('job')?.textContent.includes(%q)", text))
}

// servers waits until so many servers are in a state.
func (p updates) servers(t *testing.T, n int, state string) {
	t.Helper()
	p.until(t, fmt.Sprintf("document.querySelectorAll('#servers li[data-state=%s]').length === %d", state, n))
}

// halfway waits until the job runs and something can be seen of it.
func (p updates) halfway(t *testing.T) {
	t.Helper()
	p.job(t, "running")
	p.until(t, "document.querySelectorAll('#servers li[data-state=updated]').length >= 2")
}

// percent is an expression: how far the bar of a server is.
func percent(server string) string {
	return fmt.Sprintf("[...document.querySelectorAll('#servers li')].find((li) => li.querySelector('.name').textContent === %q)"+
		".querySelector('progress').value", server)
}

// endsTrue waits for the end of the first run, in which one server fails, and for what the page says of it.
func (p updates) endsTrue(t *testing.T) {
	t.Helper()
	p.job(t, "failed")
	p.servers(t, 11, "updated")
	p.servers(t, 1, "failed")
	p.says(t, "1 of 12 servers could not be updated")
}

// A page that is reloaded in the middle, and another tab, show what is true; and what failed is tried again from either.
func TestUpdaterInSeveralPages(t *testing.T) {
	t.Parallel() // it waits more than it works
	s := startUpdater(t, "UPDATE_TIME=2s")
	p := openUpdates(t, s.url)
	p.says(t, "The service knows of no update to 1.4.2.")
	p.servers(t, 12, "waiting")
	p.choose(t, "2.0")
	p.halfway(t)

	before := evaluate[float64](t, p.tab, percent("iad-1"))
	p.do(t, chromedp.Reload())
	p.until(t, fmt.Sprintf("document.querySelectorAll('#servers li').length === 12 && %s >= %v", percent("iad-1"), before))
	second := p.secondTab(t, s.url) // without the version in its address
	for _, page := range []updates{p, second} {
		page.endsTrue(t)
		page.until(t, percent("sgp-2")+" === 59")
		page.until(t, "document.querySelector('li[data-state=failed] .note').textContent.includes('no space left')")
	}

	second.press(t, "update")
	for _, page := range []updates{p, second} {
		page.job(t, "done")
		page.servers(t, 12, "updated")
		page.says(t, "All 12 servers run 2.0.")
		page.until(t, "document.querySelector('[name=update]').disabled")
	}
	if log := p.console.String(); log != "" {
		t.Errorf("the console is not empty:\n%s", log)
	}
}

// recordLinks is JavaScript that notes each state of the connection: one may be over before anybody looks.
const recordLinks = `
	const link = document.getElementById("link");
	globalThis.links = [];
	new MutationObserver(() => links.push(link.dataset.link)).observe(link, { attributes: true });
	null`

// The connection breaks in every way: the page comes back by itself, and its bars end true.
func TestUpdaterOverABadNetwork(t *testing.T) {
	t.Parallel()
	for _, how := range []cutproxy.How{cutproxy.Reset, cutproxy.Finish, cutproxy.Silence} {
		t.Run(how.String(), func(t *testing.T) {
			t.Parallel()
			s := startUpdater(t, "PING_INTERVAL=2s", "PONG_TIMEOUT=1s")
			proxy := cutproxy.Start(t, strings.TrimPrefix(s.url, "http://"), 1, nil)
			p := openUpdates(t, proxy.URL())
			p.press(t, "update")
			p.halfway(t)
			_ = evaluate[any](t, p.tab, recordLinks)
			if proxy.Cut(how) == 0 {
				t.Fatal("no connection was cut")
			}
			p.until(t, "links.includes('reconnecting') && links.at(-1) === 'live'")
			p.endsTrue(t)
		})
	}
}

// The cable is pulled out for longer than the service and the page wait for a sign of life, and put in again: both notice, and
// the page gets what it missed.
func TestUpdaterWithoutACable(t *testing.T) {
	t.Parallel()
	s := startUpdater(t, "PING_INTERVAL=2s", "PONG_TIMEOUT=1s")
	proxy := cutproxy.Start(t, strings.TrimPrefix(s.url, "http://"), 1, nil)
	p := openUpdates(t, proxy.URL())
	p.press(t, "update")
	p.halfway(t)
	proxy.Pause()
	p.link(t, "reconnecting")
	witness := openUpdates(t, s.url)
	witness.endsTrue(t)
	proxy.Resume()
	p.link(t, "live")
	p.endsTrue(t)
}

// Where nobody has noticed yet that the cable is out, the page says at least that it hears nothing, for how long it may be.
func TestUpdaterTellsOfSilence(t *testing.T) {
	t.Parallel()
	s := startUpdater(t, "UPDATE_TIME=1m")
	proxy := cutproxy.Start(t, strings.TrimPrefix(s.url, "http://"), 1, nil)
	p := openUpdates(t, proxy.URL())
	p.press(t, "update")
	p.servers(t, 4, "updating")
	proxy.Pause()
	seconds := 6
	if *long {
		seconds = 20
	}
	p.until(t, fmt.Sprintf("/^live, but silent for (\\d+) s$/.exec(document.getElementById('link').textContent)?.[1] >= %d", seconds))
	before := evaluate[float64](t, p.tab, percent("fra-1"))
	proxy.Resume()
	p.link(t, "live")
	p.until(t, fmt.Sprintf("%s > %v", percent("fra-1"), before))
}

// A service that is killed takes its jobs with it. The pages say so when it is back, claim nothing of bars that they lost sight
// of, and start again.
func TestUpdaterKilled(t *testing.T) {
	t.Parallel()
	s := startUpdater(t, "UPDATE_TIME=1m")
	p := openUpdates(t, s.url)
	second := p.secondTab(t, s.url)
	p.press(t, "update")
	p.servers(t, 4, "updating")
	second.servers(t, 4, "updating")
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.link(t, "reconnecting")
	p.says(t, "0 of 12 servers were done when the service was last heard of.") // it cannot know that the update goes on
	s = startUpdater(t, "ADDR="+strings.TrimPrefix(s.url, "http://"))
	for _, page := range []updates{p, second} {
		page.link(t, "live")
		page.says(t, "The service was restarted, and the update to 1.4.2 was lost with it.")
		page.until(t, "[...document.querySelectorAll('li[data-stale] .state')].filter((e) => e.textContent.startsWith('unknown since ')).length === 4")
	}
	p.press(t, "update")
	p.endsTrue(t)
	second.endsTrue(t)

	// What has ended stays what it was, only that there is nothing left to go on from.
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.link(t, "reconnecting")
	startUpdater(t, "ADDR="+strings.TrimPrefix(s.url, "http://"))
	p.says(t, "Try again begins anew.")
	p.endsTrue(t)
}

// A service that is stopped lets its jobs run until its time is nearly up. Its pages learn from the next one what became of
// the update, as far as that can be known.
func TestUpdaterStopped(t *testing.T) {
	t.Parallel()
	s := startUpdater(t, "DRAIN_TIMEOUT=3s", "UPDATE_TIME=1h")
	p := openUpdates(t, s.url)
	p.press(t, "update")
	p.servers(t, 4, "updating")
	if code := s.stop(t); code != 0 {
		t.Errorf("it exited %d, want 0", code)
	}
	s.log.waitFor(t, "interrupted")
	startUpdater(t, "ADDR="+strings.TrimPrefix(s.url, "http://"))
	p.says(t, "was lost with it")
	p.press(t, "update")
	p.endsTrue(t)
}

// Cancelling says of each bar where it stopped, also to who comes later, and the job can be started again.
func TestUpdaterCancelled(t *testing.T) {
	t.Parallel()
	s := startUpdater(t, "UPDATE_TIME=1m")
	p := openUpdates(t, s.url)
	p.press(t, "update")
	p.servers(t, 4, "updating")
	p.press(t, "cancel")
	for range 2 {
		p.job(t, "cancelled")
		p.servers(t, 4, "stopped")
		p.until(t, "[...document.querySelectorAll('li[data-state=waiting] .state')].filter((e) => e.textContent === 'not updated').length === 8")
		p.do(t, chromedp.Reload())
	}
	p.press(t, "update")
	p.job(t, "running")
	p.servers(t, 4, "updating")
}

// The update is started by an HTTP request, and seen by who opens the page that the answer names.
func TestUpdaterStartedOverHTTP(t *testing.T) {
	t.Parallel()
	s := startUpdater(t)
	resp, _ := s.request(t, http.MethodPut, "/updates/2.0%20beta", nil)
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("answered %s", resp.Status)
	}
	p := openUpdates(t, s.url+resp.Header.Get("Location"))
	p.says(t, "Updating to 2.0 beta")
	p.endsTrue(t)
}

package golden

import (
	"bytes"
	"flag"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// screenshots is where TestUpdaterScreenshots leaves the pictures of docs/long-jobs.md.
var screenshots = flag.String("screenshots", "", "write the pictures of the manual to this `folder`")

// The keyboard alone starts and cancels: no step drops the focus.
func TestUpdaterByKeyboard(t *testing.T) {
	t.Parallel()
	s := startUpdater(t, "UPDATE_TIME=1h")
	p := openUpdates(t, s.url)
	focused := func(name string) {
		t.Helper()
		p.until(t, fmt.Sprintf("document.activeElement.name === %q", name))
	}
	p.job(t, "none")
	p.do(t, chromedp.KeyEvent(kb.Tab))
	focused("version")
	p.do(t, chromedp.KeyEvent(kb.Tab))
	focused("update")
	p.do(t, chromedp.KeyEvent(kb.Enter))
	focused("cancel")
	p.servers(t, 4, "updating")
	p.do(t, chromedp.KeyEvent(kb.Enter))
	p.job(t, "cancelled")
	focused("update")
	p.until(t, "document.activeElement.textContent === 'Try again'")
	p.until(t, "[...document.querySelectorAll('progress')].every((bar) => bar.getAttribute('aria-label').length > 0)")
}

// The version is what people type, or what a link holds: it is never code, and a wrong one is told.
func TestUpdaterVersions(t *testing.T) {
	t.Parallel()
	s := startUpdater(t, "UPDATE_TIME=0s")
	p := openUpdates(t, s.url+"#"+"%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%22")
	p.says(t, `The service knows of no update to <img src=x onerror=alert(1)>".`)
	p.until(t, "document.querySelector('#job img') === null")
	p.press(t, "update")
	p.endsTrue(t)

	for _, hash := range []string{"..", "%2E%2E", strings.Repeat("x", 300)} {
		p.do(t, chromedp.Navigate(s.url+"#"+hash))
		p.link(t, "closed")
	}
	p.do(t, chromedp.Navigate(s.url+"#100%"))
	p.says(t, "The service knows of no update to 100%.")

	p.choose(t, "1/2")
	p.until(t, `document.getElementById("link").textContent.includes('"1/2" does not fit')`)
	p.choose(t, "日本 1.2")
	p.endsTrue(t)
	p.until(t, `decodeURIComponent(location.hash) === "#日本 1.2"`)
	_ = evaluate[any](t, p.tab, "history.go(-2)") // the address before the two
	p.says(t, "The service knows of no update to 100%.")
}

// choose types a version and presses Enter.
func (p updates) choose(t *testing.T, version string) {
	t.Helper()
	_ = evaluate[any](t, p.tab, "document.querySelector('[name=version]').select()")
	p.do(t, chromedp.KeyEvent(version+kb.Enter))
}

// The pictures of the manual are of this page, and it fits a telephone.
func TestUpdaterScreenshots(t *testing.T) {
	t.Parallel()
	s := startUpdater(t, "UPDATE_TIME=2s")
	p := openUpdates(t, s.url)
	p.do(t, chromedp.EmulateViewport(1000, 620, chromedp.EmulateScale(1.5)))
	p.press(t, "update")
	p.until(t, "document.querySelectorAll('#servers li[data-state=updated]').length >= 5")
	p.picture(t, "long-jobs-running")
	p.endsTrue(t)
	p.picture(t, "long-jobs-failed")

	s = startUpdater(t, "UPDATE_TIME=5s")
	p.do(t, chromedp.Navigate(s.url+"#1.4.3"))
	p.press(t, "update")
	p.halfway(t)
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	startUpdater(t, "ADDR="+strings.TrimPrefix(s.url, "http://"))
	p.job(t, "lost")
	p.picture(t, "long-jobs-lost")

	p.do(t, chromedp.EmulateViewport(360, 740, chromedp.EmulateScale(1.5), chromedp.EmulateMobile))
	p.until(t, "document.documentElement.scrollWidth <= 360")
}

// picture takes a picture of what the window shows, and keeps it where it is asked to.
func (p updates) picture(t *testing.T, name string) {
	t.Helper()
	shot, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil || picture.Bounds().Dx() < 500 {
		t.Fatalf("the picture %s is %v wide (%v)", name, picture.Bounds(), err)
	}
	if *screenshots == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), shot, 0o644); err != nil {
		t.Fatal(err)
	}
}

package golden

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A page that the service refuses says so itself, and names the setting.
func TestPageTellsWhyItDoesNotConnect(t *testing.T) {
	s := start(t, build(t, "minimal"), "ALLOWED_ORIGINS=https://example.com")
	b := openBrowser(t)
	b.do(t, chromedp.Navigate(s.url))
	echo := card{b, "/ws/echo"}
	echo.do(t, chromedp.Click(echo.css("[name=connect]")))
	echo.logs(t, "closed 1006; will reconnect")
	echo.logs(t, "It never opened: the service is down, full, or refuses pages of "+s.url+" (ALLOWED_ORIGINS). Its log tells.")
	echo.do(t, chromedp.Click(echo.css("[name=close]")))
	echo.shows(t, "closed 1000")
}

// The keyboard alone connects, sends and closes: no step drops the focus.
func TestPageByKeyboard(t *testing.T) {
	s := start(t, build(t, "minimal"), "ALLOWED_ORIGINS=same-host")
	b := openBrowser(t)
	b.do(t, chromedp.Navigate(s.url))
	echo := card{b, "/ws/echo"}
	b.until(t, "document.querySelector('.route') !== null")
	focused := func(name string) {
		t.Helper()
		b.until(t, fmt.Sprintf("document.activeElement.name === %q", name))
	}
	b.do(t, chromedp.KeyEvent(kb.Tab))
	focused("connect")
	b.do(t, chromedp.KeyEvent(kb.Enter))
	echo.shows(t, "open")
	focused("close")
	b.do(t, chromedp.KeyEvent(kb.Tab))
	focused("message")
	b.do(t, chromedp.KeyEvent(kb.Enter))
	echo.logs(t, "← hello")
	b.do(t, chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	focused("close")
	b.do(t, chromedp.KeyEvent(kb.Enter))
	echo.shows(t, "closed 1000")
	focused("connect")
}

// The search finds by path and by consumer, in any case, and says where it finds nothing.
func TestPageSearch(t *testing.T) {
	s := start(t, build(t, "mixed"))
	b := openBrowser(t)
	b.do(t, chromedp.Navigate(s.url))
	routes := readRoutes(t, "mixed")
	shown := "[...document.querySelectorAll('.route')].filter((card) => card.checkVisibility()).length"
	b.until(t, fmt.Sprintf("%s === %d", shown, len(routes)))
	search := chromedp.CSS("#search input")
	b.do(t, chromedp.SendKeys(search, "/WS/"))
	b.until(t, fmt.Sprintf("%s === %d", shown, len(routes)))
	b.do(t, chromedp.SendKeys(search, "no such route"))
	b.until(t, shown+" === 0 && document.getElementById('nothing').checkVisibility()")
	b.do(t, chromedp.Reload(), chromedp.SendKeys(search, strings.ToUpper(routes[0].Consumer.Name)))
	b.until(t, shown+" > 0 && !document.getElementById('nothing').checkVisibility()")
}

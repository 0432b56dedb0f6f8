package ws_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"wsgen/templates/project/internal/ws"
)

// TestReturnBeforeTheServiceNoticed: the page is back while its old connection seems alive. That one ends with 4509, its handlers see
// it, and nothing is handled twice.
func TestReturnBeforeTheServiceNoticed(t *testing.T) {
	bothModes(t, func(t *testing.T, route func(handler) ws.Route) {
		var log journal
		app := newCommandApp(t, route(func(ctx context.Context, _ *ws.Socket, text string) error {
			log.add(text)
			if text != "one" {
				return nil
			}
			<-ctx.Done()
			log.add(context.Cause(ctx).Error())
			return nil // it did its work all the same
		}))
		half := connectAs(t, app, client1)
		half.text(t, "n1:one")
		synctest.Wait()

		page := connectAs(t, app, client1)
		page.text(t, "n1:one", "n2:two")
		synctest.Wait()
		lines := log.all()
		slices.Sort(lines) // async handlers overlap
		if got := strings.Join(lines, ", "); got != "one, two, ws: socket is closed: code 4509: replaced by a newer connection" {
			t.Errorf("handled %q", got)
		}
		half.expectClosed(t, 4509)
		page.lose(t)
		if page.last != "a2" {
			t.Errorf("last came %q", page.last)
		}
	})
}

// TestAcksAreNews: what a page knows, and what it has not asked on this connection, is not acknowledged again.
func TestAcksAreNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		app := newCommandApp(t, asyncRoute(handler(func(_ context.Context, _ *ws.Socket, text string) error {
			if text == "slow" {
				<-release
			}
			return nil
		}).funcs()))
		page := connectAs(t, app, client1)
		page.text(t, "n5:slow", "n6:fast") // up to 4 all is known, and nobody asked
		synctest.Wait()
		page.expectNone(t)
		close(release)
		page.expect(t, "a6")
		page.lose(t)
		page = connectAs(t, app, client1)
		page.text(t, "n5:slow")
		page.expect(t, "a6") // what it sends next would be passed over too
		page.text(t, "n6:fast", "n7:fast")
		page.expect(t, "a7")
		synctest.Wait()
		page.expectNone(t)
	})
}

// TestTwoPagesWithOneID, made by hand: the older one goes for good, and the newer one stays, whichever says first who it is.
func TestTwoPagesWithOneID(t *testing.T) {
	for name, lateFrame := range map[string]bool{"in order": false, "the older one says it later": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log journal
				f := counting(&log).funcs()
				f.disconnect = func(_ context.Context, st ws.CloseStatus) { log.add(fmt.Sprint(st.Code)) }
				app := newCommandApp(t, syncRoute(f))
				older := connect(t, app, "/ws")
				if !lateFrame {
					older.text(t, clientFrame(client1), "n1:x")
					older.expect(t, "a1")
				}
				newer := connectAs(t, app, client1)
				synctest.Wait()
				if lateFrame {
					older.text(t, clientFrame(client1), "n1:x")
				}
				older.expectClosed(t, 4509)
				synctest.Wait()
				newer.text(t, clientFrame(client1), "n2:y") // to say it again is no breach
				newer.expect(t, "a2")
				if n := app.Stats().Sockets; n != 1 {
					t.Errorf("%d sockets", n)
				}
				want := "x 4509 y"
				if lateFrame {
					want = "4509 y"
				}
				expectLog(t, &log, want)
			})
		})
	}
}

// otherConsumer is a consumer of another type.
type otherConsumer struct{ syncFuncs }

// TestClientsOfOtherConsumers: an id counts within one type of consumer; another may have the same.
func TestClientsOfOtherConsumers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log, other journal
		app := newCommandApp(t, syncRoute(counting(&log).funcs()),
			ws.Sync("/other", func(ws.Params) ws.SyncConsumer { return otherConsumer{syncFuncs{counting(&other).funcs()}} }),
			ws.Sync("/again", func(ws.Params) ws.SyncConsumer { return syncFuncs{counting(&log).funcs()} }))
		page := connectAs(t, app, client1)
		page.text(t, "n1:one")
		page.expect(t, "a1")
		second := connect(t, app, "/other")
		second.text(t, clientFrame(client1), "n1:other")
		second.expect(t, "a1")
		third := connectAs(t, app, client2)
		third.text(t, "n1:third")
		third.expect(t, "a1")
		page.text(t, "n2:two")
		page.expect(t, "a2")
		again := connect(t, app, "/again") // the same consumer behind another path
		again.text(t, clientFrame(client1), "n2:two")
		again.expect(t, "a2")
		page.expectClosed(t, 4509)
		expectLog(t, &log, "one third two")
		expectLog(t, &other, "other")
	})
}

// TestBreachesOfCommands: each closes with 1002 and its reason, and what came before is handled, and acknowledged if there is time.
func TestBreachesOfCommands(t *testing.T) {
	me, other := clientFrame(client1), clientFrame(client2)
	for name, test := range map[string]struct {
		before []string
		breach string
		want   string
		reason string
	}{
		"0":                   {[]string{me}, "n0:x", "", "command without a number"},
		"a number too large":  {[]string{me}, "n9007199254740992:x", "", "command without a number"},
		"no number":           {[]string{me}, "n:x", "", "command without a number"},
		"a gap":               {[]string{me, "n4:x"}, "n6:x", "a4", "command 6 after command 4"},
		"the same again":      {[]string{me, "n4:x"}, "n4:x", "a4", "command 4 after command 4"},
		"one before":          {[]string{me, "n4:x"}, "n3:x", "a4", "command 3 after command 4"},
		"behind the highest":  {[]string{me, "n9007199254740991:x"}, "n1:x", "a9007199254740991", "command 1 after command 9007199254740991"},
		"nobody's":            {nil, "n1:x", "", "command 1 before the frame that says whose it is"},
		"somebody's too late": {[]string{"mx"}, "n1:x", "", "command 1 before the frame that says whose it is"},
		"two clients":         {[]string{me, "n1:x"}, other, "a1", "a second client"},
	} {
		t.Run(name, func(t *testing.T) {
			bothModes(t, func(t *testing.T, route func(handler) ws.Route) {
				var log journal
				page := connect(t, newCommandApp(t, route(counting(&log))), "/ws")
				page.text(t, test.before...)
				synctest.Wait()
				page.text(t, test.breach)
				reason, before := page.expectClosed(t, 1002)
				if reason != "breach of wsgen.1: "+test.reason {
					t.Errorf("closed because of %q, want %q", reason, test.reason)
				}
				if got := strings.Join(before, " "); got != test.want {
					t.Errorf("came %q before, want %q", got, test.want)
				}
			})
		})
	}
}

// TestCommandsAreMessages: in all but the acknowledgement, and messages are taken as well; so is a number as large as can be.
func TestCommandsAreMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newCommandApp(t, asyncRoute(&funcs{})) // echoes
		page := connectAs(t, app, client1)
		page.text(t, "n9007199254740990:a:b")
		page.expect(t, "ma:b", "a9007199254740990")
		page.write(t, frame(0x82, "n9007199254740991:\xff\x00"))
		page.expect(t, "m\xff\x00", "a9007199254740991")
		page.text(t, "mplain")
		page.expect(t, "mplain")
		page.text(t, "r1:request")
		page.expect(t, "r1:request")
		page.text(t, "n1:x") // there is no number after the highest
		page.expectClosed(t, 1002)
	})
}

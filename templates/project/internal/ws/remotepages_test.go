package ws_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// remoteLog is a fakeLog that other processes share.
type remoteLog struct{ *fakeLog }

func (remoteLog) Ready() error { return nil }

// TestManyReadOnePage: after a lost connection the pages of a stream get what they missed, but the log is not asked by each of them.
func TestManyReadOnePage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := remoteLog{new(fakeLog)}
		layer, err := ws.NewRemoteLayer(log)
		if err != nil {
			t.Fatal(err)
		}
		layer.Keep("job", long())
		app := appOn(t, layer, follower())
		publish(t, layer, "job:1", "before")
		var pages []*wstest.Sock
		for range 50 {
			page := wstest.Connect(t, app, toJob1, wstest.V1())
			page.Expect("before")
			pages = append(pages, page)
		}
		settle(t, app)

		log.mu.Lock()
		log.silent = true
		log.mu.Unlock()
		for i := range 100 {
			publish(t, layer, "job:1", fmt.Sprint(i))
		}
		var reads atomic.Int32
		goOn := make(chan struct{})
		log.onEachRead(func(string, uint64, *ws.Page) error {
			if reads.Add(1) == 1 {
				<-goOn
			}
			return nil
		})
		log.deliver("group:job:1", ws.Envelope{Gap: true})
		synctest.Wait()
		close(goOn)
		for _, page := range pages {
			for i := range 100 {
				page.Expect(fmt.Sprint(i))
			}
		}
		settle(t, app)
		if n := reads.Load(); n > 2 { // the first, and that of all who came after it had begun
			t.Errorf("%d readings for 50 pages", n)
		}
		log.onEachRead(nil)
	})
}

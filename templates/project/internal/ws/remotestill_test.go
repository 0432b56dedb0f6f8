package ws

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestProcessThatStoodStill: it goes on with its job where nobody has taken that over, and never where the job has ended meanwhile.
func TestProcessThatStoodStill(t *testing.T) {
	cancel := func(t *testing.T, l *Layer) {
		if err := l.Jobs().Cancel(t.Context(), "1"); err != nil {
			t.Error(err)
		}
		if _, err := l.Jobs().Interrupted(t.Context()); err != nil {
			t.Error(err)
		}
		expect(t, l, JobCancelled, "[]")
	}
	for name, test := range map[string]struct {
		meanwhile func(*testing.T, *Layer)
		want      error
	}{
		"nothing":     {func(*testing.T, *Layer) {}, nil},
		"interrupted": {func(t *testing.T, l *Layer) { expect(t, l, JobInterrupted, "[1]") }, nil},
		"cancelled":   {cancel, ErrLease},
		"run again":   {func(t *testing.T, l *Layer) { begin(t, l, finish) }, ErrLease},
	} {
		for name, act := range map[string]func(*testing.T, *tenant) error{
			name + ", renewed": func(_ *testing.T, z *tenant) error { return z.renewOnce(time.Now().Add(-leaseTime - time.Second)) },
			name + ", sent": func(t *testing.T, z *tenant) error {
				a := Append{History: History{Messages: 100, Bytes: 1 << 20, TTL: time.Hour}, Envelope: Envelope{Data: []byte("late")}, Owner: z.owner}
				_, err := z.put(t.Context(), z.topic, a, z.remote.Remote.Append)
				return err
			},
		} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := newLeaseServer(t)
					a, link := server.process(t)
					b, _ := server.process(t)
					still := &tenant{remote: a.backend.(*remote), id: "1", topic: "group:job:1", owner: a.node + ".still"}
					if _, err := link.Lease(t.Context(), still.topic, still.owner, leaseTime); err != nil {
						t.Fatal(err)
					}
					if _, err := link.Append(t.Context(), still.topic, Append{History: *a.history(jobGroup), Envelope: Envelope{}, Owner: still.owner}); err != nil {
						t.Fatal(err)
					}
					time.Sleep(leaseTime + time.Second)
					test.meanwhile(t, b)
					synctest.Wait()
					if err := act(t, still); !errors.Is(err, test.want) {
						t.Errorf("%v, want %v", err, test.want)
					}
				})
			})
		}
	}
}

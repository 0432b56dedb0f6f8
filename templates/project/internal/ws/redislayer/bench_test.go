package redislayer_test

import (
	"context"
	"sync"
	"testing"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
)

// BenchmarkPublish and BenchmarkAppend tell what one message costs, from this process to this process, with many under way at
// once and with one.
func BenchmarkPublish(b *testing.B) {
	bench(b, func(ctx context.Context, backend ws.Backend, topic string) error {
		return backend.Publish(ctx, topic, ws.Envelope{Data: make([]byte, 100)})
	})
}

func BenchmarkAppend(b *testing.B) {
	a := ws.Append{History: ws.History{Messages: 1000, Bytes: 4 << 20, TTL: keep().TTL}, Envelope: ws.Envelope{Data: make([]byte, 100)}}
	bench(b, func(ctx context.Context, backend ws.Backend, topic string) error {
		_, err := backend.(ws.Log).Append(ctx, topic, a)
		return err
	})
}

func bench(b *testing.B, send func(context.Context, ws.Backend, string) error) {
	backend := open(b, backends.StartRedis(b).URL)
	var heard sync.WaitGroup
	if err := backend.Start(func(string, ws.Envelope) { heard.Done() }); err != nil {
		b.Fatal(err)
	}
	subscribe(b, backend, "group:job:1")
	for name, parallel := range map[string]int{"one": 1, "many": 64} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			heard.Add(b.N)
			turns := make(chan struct{}, b.N)
			for range b.N {
				turns <- struct{}{}
			}
			close(turns)
			for range parallel {
				go func() {
					for range turns {
						if err := send(context.Background(), backend, "group:job:1"); err != nil {
							b.Error(err)
							heard.Done()
						}
					}
				}()
			}
			heard.Wait()
		})
	}
}

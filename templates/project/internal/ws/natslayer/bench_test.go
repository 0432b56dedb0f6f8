package natslayer_test

import (
	"context"
	"testing"
	"time"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
)

func BenchmarkPublish(b *testing.B) {
	server := backends.StartNATS(b)
	layer, _ := start(b, server)
	e := ws.Envelope{Data: make([]byte, 100)}
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			if err := layer.Publish(context.Background(), "group:plain", e); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("many", func(b *testing.B) {
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := layer.Publish(context.Background(), "group:plain", e); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

func BenchmarkAppend(b *testing.B) {
	server := backends.StartNATS(b)
	layer, _ := start(b, server)
	for name, h := range map[string]ws.History{
		"all":    {Messages: 1000, Bytes: 4 << 20, TTL: time.Hour},
		"latest": {Messages: 1000, Bytes: 4 << 20, TTL: time.Hour, Latest: true},
	} {
		a := ws.Append{History: h, Envelope: ws.Envelope{Data: make([]byte, 100)}}
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if h.Latest {
					a.Envelope.Key = "server" + string(rune('a'+i%20))
				}
				if _, err := layer.Append(context.Background(), "group:"+name+":1", a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	server := backends.StartNATS(b)
	layer, _ := start(b, server)
	for range 200 {
		add(b, layer, "group:job:1", "a message of some length, as they are")
	}
	for name, limit := range map[string]int{"state": 0, "page": 128} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := layer.Read(context.Background(), "group:job:1", keep, 0, limit); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

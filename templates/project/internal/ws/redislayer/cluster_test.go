package redislayer_test

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/layertest"

	"github.com/redis/rueidis"
)

// node is one server of a cluster.
type node struct {
	*backends.Redis
	client rueidis.Client
	bus    string // the port over which nodes talk
	id     string
}

// ask sends a command, and returns the answer as text.
func (n *node) ask(t *testing.T, command ...string) string {
	t.Helper()
	answer, err := n.client.Do(t.Context(), n.client.B().Arbitrary(command...).Build()).ToAny()
	if err != nil {
		t.Fatalf("%q: %v", command, err)
	}
	if number, ok := answer.(int64); ok {
		return strconv.FormatInt(number, 10)
	}
	text, _ := answer.(string)
	return text
}

// startCluster starts a cluster of two servers, each with half of the slots.
func startCluster(t *testing.T) [2]*node {
	var nodes [2]*node
	for i := range nodes {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, bus, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		n := &node{Redis: backends.StartRedis(t, "--cluster-enabled", "yes", "--cluster-port", bus), bus: bus}
		n.client = plain(t, n.Redis)
		n.id = n.ask(t, "CLUSTER", "MYID")
		nodes[i] = n
	}
	nodes[0].ask(t, "CLUSTER", "ADDSLOTSRANGE", "0", "8191")
	nodes[1].ask(t, "CLUSTER", "ADDSLOTSRANGE", "8192", "16383")
	_, port, err := net.SplitHostPort(nodes[1].Addr())
	if err != nil {
		t.Fatal(err)
	}
	nodes[0].ask(t, "CLUSTER", "MEET", "127.0.0.1", port, nodes[1].bus)
	for _, n := range nodes {
		for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			info := n.ask(t, "CLUSTER", "INFO")
			if strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_slots_ok:16384") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal(info)
			}
		}
	}
	return nodes
}

// TestConformanceOfACluster: what every backend does, over two servers that have half of the partitions each.
func TestConformanceOfACluster(t *testing.T) {
	t.Parallel()
	nodes := startCluster(t)
	layertest.Run(t, layertest.Suite{Open: func(t testing.TB) ws.Backend { return open(t, nodes[0].URL) }})
}

// TestSlotThatMoves: who subscribes to a topic hears it at its new server as well, and that something may be missing.
func TestSlotThatMoves(t *testing.T) {
	t.Parallel()
	nodes := startCluster(t)
	b := open(t, nodes[0].URL)
	in := start(t, b)
	// A name for each partition, as there are at least that many.
	var topics []string
	for i := range 200 {
		topics = append(topics, "group:"+strconv.Itoa(i))
	}
	subscribe(t, b, topics...)
	for n := range 16 {
		slot := nodes[0].ask(t, "CLUSTER", "KEYSLOT", "{test."+strconv.Itoa(n)+"}")
		to := nodes[0]
		if s, err := strconv.Atoi(slot); err != nil || s < 8192 {
			to = nodes[1]
		}
		for _, n := range nodes {
			n.ask(t, "CLUSTER", "SETSLOT", slot, "NODE", to.id)
		}
	}
	for _, topic := range topics {
		in.of(t, topic, func(got []string) bool { return slices.Contains(got, "gap") })
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if err := b.Publish(ctx, topic, ws.Envelope{Data: []byte("moved")}); err != nil {
			t.Fatal(err)
		}
		cancel()
		in.of(t, topic, func(got []string) bool { return got[len(got)-1] == "moved" })
	}
}

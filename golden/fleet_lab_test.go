package golden

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wsgen/golden/backends"
	"wsgen/golden/cutproxy"
	"wsgen/golden/wireclient"
	"wsgen/golden/witness"
)

// layerServer is the server that the processes of a service share.
type layerServer interface {
	Start()
	Kill()
	Pause()
	Resume()
	Empty()
}

// sharedLayer is a layer that several processes share.
type sharedLayer struct {
	name  string // as settings.layer has it
	start func(t testing.TB) (s layerServer, variable string)
	// resets are the reasons for which pages are told that they miss something of a stream, when the server was killed.
	resets []string
}

func sharedLayers() []sharedLayer {
	return []sharedLayer{
		{"redis", func(t testing.TB) (layerServer, string) {
			s := backends.StartRedis(t)
			return s, "REDIS_URL=" + s.URL
		}, []string{"restarted"}}, // appendfsync everysec may have lost the last second
		{"nats", func(t testing.TB) (layerServer, string) {
			s := backends.StartNATS(t)
			return s, "NATS_URL=" + s.URL
		}, nil},
	}
}

// fleet is a lab of several processes behind nginx, on one server of their layer. Subscribers come through a proxy that cuts their
// connections to nginx.
type fleet struct {
	*lab
	server layerServer
	nginx  *backends.Nginx

	mu      sync.Mutex // held while the next two change, and by who reads them meanwhile
	members []*service
	boots   []int // which start of the service each is
	sent    int   // texts to the group, by sendEach

	latest witness.Message // of the stream last
}

// member returns the process in one place.
func (f *fleet) member(i int) *service {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.members[i]
}

// newFleet starts the server, the processes, nginx and the proxy.
func newFleet(t *testing.T, layer sharedLayer, dir, bin string, plan cutproxy.Plan, env ...string) *fleet {
	t.Helper()
	server, variable := layer.start(t)
	f := &fleet{lab: emptyLab(t, dir, bin, append(env, variable)...), server: server}
	f.rules.Outlive = true
	var upstreams []string
	for range 2 {
		s := f.start()
		f.members, f.boots = append(f.members, s), append(f.boots, f.starts)
		upstreams = append(upstreams, strings.TrimPrefix(s.url, "http://"))
	}
	f.service, f.boot = f.members[0], f.boots[0]
	f.nginx = backends.StartNginx(t, upstreams...)
	f.proxy = cutproxy.Start(t, f.nginx.Addr(), f.seed, plan)
	return f
}

// calm has the services take their time with pings: none is late, however busy the machine is.
var calm = []string{"PING_INTERVAL=20s", "PONG_TIMEOUT=20s"}

// killMember kills a process, as kill -9 does.
func (f *fleet) killMember(i int) {
	_ = f.members[i].cmd.Process.Kill() // an error means that it has ended
	<-f.members[i].exited
}

// startMember starts a process again, at its address.
func (f *fleet) startMember(i int) {
	f.Helper()
	s := f.start("ADDR=" + strings.TrimPrefix(f.members[i].url, "http://"))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[i], f.boots[i] = s, f.starts
	f.service, f.boot = f.members[0], f.boots[0]
}

// eventually waits until something holds that has no event.
func (f *fleet) eventually(what string, holds func() bool) {
	f.Helper()
	for deadline := time.Now().Add(f.patient); !holds(); {
		if time.Now().After(deadline) {
			f.Fatalf("not in %v: %s", f.patient, what)
		}
		f.must(f.rest(20 * time.Millisecond))
	}
}

// readyz returns the status of a process.
func (f *fleet) readyz(i int) int {
	resp, _ := f.members[i].request(f.T, http.MethodGet, "/readyz", nil)
	return resp.StatusCode
}

// awaitReadyz waits until all processes have a status.
func (f *fleet) awaitReadyz(status int) {
	f.Helper()
	for i := range f.members {
		f.eventually(fmt.Sprintf("/readyz of process %d says %d", i, status), func() bool { return f.readyz(i) == status })
	}
}

// node returns which process a subscriber in Go is connected to: what the ids of its sockets begin with.
func (s *subscriber) node() string {
	for _, e := range slices.Backward(s.Events()) {
		if e.Kind == wireclient.Opened {
			node, _, _ := strings.Cut(e.ID, ".")
			return node
		}
	}
	return ""
}

// count returns how many events of a kind a subscriber was told.
func (s *subscriber) count(kind wireclient.Kind) (n int) {
	for _, e := range s.Events() {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// texts returns the first words of what a subscriber got that was no stream's.
func (s *subscriber) texts() (texts []string) {
	for _, e := range s.Events() {
		if e.Kind == wireclient.Message && e.Stream == "" {
			text, _, _ := strings.Cut(string(e.Data), " ")
			texts = append(texts, text)
		}
	}
	return texts
}

// got returns a condition: the subscriber got a text.
func (s *subscriber) got(text string) func() bool {
	return func() bool { return slices.Contains(s.texts(), text) }
}

// last is a stream that a subscriber joins after all else.
const last = "feed:last"

// everywhere waits until all subscribers are connected and in all groups, and have what a process publishes to the last of them.
func (f *fleet) everywhere(from int) {
	f.Helper()
	n, err := f.publishedOne(from)
	f.must(err)
	f.latest = witness.Message{Boot: f.boots[from], N: n}
	for _, s := range f.subscribers {
		f.must(f.await(s, func() bool { m, _ := s.Last(last); return m == f.latest }))
	}
}

// publishedOne publishes a message to it, and returns its number.
func (f *fleet) publishedOne(from int) (int, error) {
	text, err := f.ask(f.members[from], "/publish?stream=%s&count=1", last)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

// crowd has so many subscribers watch through nginx, some on each process, and one of them in Node.
func (f *fleet) crowd(n int, topics ...string) {
	f.Helper()
	topics = append(topics, last)
	for i := range n {
		f.subscribe(fmt.Sprint("page-", i), "sync", topics...)
	}
	f.subscribeNode("node", "feed", 0, topics...)
	f.everywhere(0)
	nodes := make(map[string]int)
	for _, s := range f.subscribers {
		if s.page == nil {
			nodes[s.node()]++
		}
	}
	if len(nodes) != len(f.members) {
		f.Fatalf("nginx brought %d pages to the processes so: %v", n, nodes)
	}
}

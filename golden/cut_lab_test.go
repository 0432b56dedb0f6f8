package golden

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wsgen/golden/cutproxy"
	"wsgen/golden/wireclient"
	"wsgen/golden/witness"
)

var long = flag.Bool("long", false, "run what takes minutes at full length")

// emitCut makes the project of testdata/cut in a folder of the test: what wsgen emits for its spec, with the code of the tests
// in it.
func emitCut(t *testing.T) string {
	t.Helper()
	return emitCutWith(t, "")
}

// emitCutWith does so with more lines in the spec.
func emitCutWith(t *testing.T, lines string) string {
	t.Helper()
	files := readTree(t, filepath.Join("testdata", "cut"))
	spec := filepath.Join(t.TempDir(), "wsgen.yaml")
	if err := os.WriteFile(spec, append(files["wsgen.yaml"], lines...), 0o644); err != nil {
		t.Fatal(err)
	}
	delete(files, "wsgen.yaml")
	dir := filepath.Join(t.TempDir(), "cut")
	if code, out := wsgen("new", "project", "--spec", spec, "--dir", dir); code != 0 {
		t.Fatalf("wsgen new project exits %d:\n%s", code, out)
	}
	for path, text := range files {
		name := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// lab is a service with its subscribers, and a proxy between them.
type lab struct {
	*testing.T
	bin     string
	dir     string   // of the project
	env     []string // of the service, beside what every one has
	nodeEnv []string // of the pages in Node
	journal string   // the file
	seed    uint64
	proxy   *cutproxy.Proxy
	service *service
	ran     []*service    // all that were started
	boot    int           // which start of the service it is
	starts  int           // how many there were
	patient time.Duration // how long nothing may happen while something is waited for

	subscribers []*subscriber
	rules       witness.Rules
}

// newLab starts the service, with further variables of the environment, and a proxy before it.
func newLab(t *testing.T, dir, bin string, plan cutproxy.Plan, env ...string) *lab {
	t.Helper()
	l := emptyLab(t, dir, bin, env...)
	l.service = l.start()
	l.boot = l.starts
	l.proxy = cutproxy.Start(t, strings.TrimPrefix(l.service.url, "http://"), l.seed, plan)
	return l
}

// emptyLab starts nothing yet.
func emptyLab(t *testing.T, dir, bin string, env ...string) *lab {
	t.Helper()
	return &lab{
		T: t, bin: bin, dir: dir, env: env, seed: cutproxy.Seed(t), patient: patience / 4,
		journal: filepath.Join(t.TempDir(), "journal"),
		rules:   witness.Rules{Commands: make(map[string]int)},
	}
}

// start starts the service for another time, with further variables.
func (l *lab) start(env ...string) *service {
	l.Helper()
	l.starts++
	s := start(l.T, l.bin, slices.Concat([]string{
		"ALLOWED_ORIGINS=*", "PING_INTERVAL=150ms", "PONG_TIMEOUT=250ms", "CLOSE_TIMEOUT=200ms", "DRAIN_TIMEOUT=2200ms", "HISTORY_BYTES=536870912",
		"JOURNAL=" + l.journal, "BOOT=" + strconv.Itoa(l.starts),
	}, l.env, env)...)
	l.ran = append(l.ran, s)
	return s
}

// kill kills the service, as kill -9 does.
func (l *lab) kill() error {
	err := l.service.cmd.Process.Kill()
	<-l.service.exited
	return err
}

// stop asks the service to stop, which it does in good order.
func (l *lab) stop() error {
	if code := l.service.stop(l.T); code != 0 {
		return fmt.Errorf("the service exited %d", code)
	}
	return nil
}

// restart starts the service again, behind the same proxy.
func (l *lab) restart() {
	l.Helper()
	l.service = l.start()
	l.boot = l.starts
	l.proxy.Retarget(strings.TrimPrefix(l.service.url, "http://"))
}

// post asks the service itself, not through the proxy, for something of package publish.
func (l *lab) post(format string, args ...any) error {
	_, err := l.ask(l.service, format, args...)
	return err
}

// ask asks one of several services, and returns the answer.
func (l *lab) ask(s *service, format string, args ...any) (string, error) {
	ctx, cancel := context.WithTimeout(l.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+fmt.Sprintf(format, args...), nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s %s %w", req.URL, resp.Status, body, err)
	}
	return string(body), nil
}

// must fails the test over an error.
func (l *lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// publish publishes count messages to a stream in bursts, with pauses between them.
func (l *lab) publish(r *rand.Rand, stream string, count, burst int, pause time.Duration) error {
	for count > 0 {
		n := min(count, 1+r.IntN(burst))
		if err := l.post("/publish?stream=%s&count=%d&save=50", stream, n); err != nil {
			return err
		}
		count -= n
		if err := l.rest(time.Duration(r.Int64N(int64(pause) + 1))); err != nil {
			return err
		}
	}
	return nil
}

// rest lets time pass. Nothing depends on how much.
func (l *lab) rest(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-l.Context().Done():
		return context.Cause(l.Context())
	}
}

// draws returns a source of chance for one part of a run.
func (l *lab) draws(part uint64) *rand.Rand { return rand.New(rand.NewPCG(l.seed, 1<<32+part)) }

// subscriber is one page.
type subscriber struct {
	*witness.Log
	client *wireclient.Client // nil for one that runs in Node
	page   *nodePage          // nil for one in Go
	cancel context.CancelFunc
	over   chan struct{} // closed when it has ended
	err    error         // why; set before over is closed
}

// subscribe adds a subscriber in Go. Its name is also that of the client in commands.
func (l *lab) subscribe(name, mode string, streams ...string) *subscriber {
	return l.subscribeAt(l.proxy.URL(), name, mode, streams...)
}

// subscribeAt does so past the proxy, or through another one.
func (l *lab) subscribeAt(url, name, mode string, streams ...string) *subscriber {
	return l.subscribeWith(wireclient.Options{Origin: url, DialTimeout: 2 * time.Second}, name, mode, streams...)
}

// subscribeWith does so with the options given. Origin says where the service, or the proxy, is.
func (l *lab) subscribeWith(o wireclient.Options, name, mode string, streams ...string) *subscriber {
	s := &subscriber{Log: witness.NewLog(name, streams...), over: make(chan struct{})}
	o.URL = "ws" + strings.TrimPrefix(o.Origin, "http") + "/ws/" + mode + "/" + strings.Join(streams, ",")
	o.Events = s.Add
	s.client = wireclient.New(o)
	ctx, cancel := context.WithCancel(l.Context())
	s.cancel = cancel
	go func() {
		defer close(s.over)
		s.err = s.client.Run(ctx)
	}()
	l.keep(s)
	return s
}

// keep takes a subscriber in, which ends with the test.
func (l *lab) keep(s *subscriber) {
	l.subscribers = append(l.subscribers, s)
	l.Cleanup(func() { s.cancel(); <-s.over })
}

// await waits until something holds of a subscriber.
func (l *lab) await(s *subscriber, done func() bool) error {
	for {
		changed := s.Changed()
		if done() {
			return nil
		}
		stalled := time.NewTimer(l.patient)
		select {
		case <-changed:
		case <-s.over:
			stalled.Stop()
			if !done() {
				return fmt.Errorf("%s ended: %w", s.Name, s.err)
			}
		case <-stalled.C:
			return fmt.Errorf("%s stands still; its last connection ended with: %s", s.Name, s.lastEnd())
		}
		stalled.Stop()
	}
}

// lastEnd returns why the latest connection that is over ended.
func (s *subscriber) lastEnd() string {
	for _, e := range slices.Backward(s.Events()) {
		if e.Kind == wireclient.Closed {
			return fmt.Sprint(e.Code, " ", e.Reason)
		}
	}
	return "none has"
}

// settle ends the cuts and waits until every subscriber has come to the newest message of each of its streams; jobs
// to their end.
func (l *lab) settle(newest map[string]int) error {
	messages := make(map[string]witness.Message)
	for stream, n := range newest {
		messages[stream] = witness.Message{Boot: l.boot, N: n}
	}
	return l.settleAt(messages)
}

// settleAt does so where the newest messages are not all of the last start of the service.
func (l *lab) settleAt(newest map[string]witness.Message) error {
	l.proxy.Calm()
	var errs []error
	for _, s := range l.subscribers {
		for _, stream := range s.Streams {
			want := newest[stream]
			job := strings.HasPrefix(stream, "job:")
			err := l.await(s, func() bool {
				last, ended := s.Last(stream)
				return last == want && (ended || !job)
			})
			if err != nil {
				l.patient = 100 * time.Millisecond // the rest had as long already
				last, ended := s.Last(stream)
				errs = append(errs, fmt.Errorf("%w on %s behind %v, ended: %v; want %v", err, stream, last, ended, want))
			}
		}
	}
	return errors.Join(errs...)
}

// commandText is a client's kth command, of which package consumers of the service keeps count.
func commandText(client string, k int) []byte { return fmt.Appendf(nil, "do %s %d", client, k) }

// command has a subscriber send so many commands, with pauses between them. Some make it leave a stream and join it again.
func (l *lab) command(r *rand.Rand, s *subscriber, count int, pause time.Duration) error {
	for k := 1; k <= count; k++ {
		text := commandText(s.Name, k)
		if k%20 == 0 {
			text = fmt.Appendf(nil, "again %s %d %s", s.Name, k, s.Streams[r.IntN(len(s.Streams))])
		}
		s.client.Send(text, k%7 == 0)
		if err := l.rest(time.Duration(r.Int64N(int64(pause) + 1))); err != nil {
			return err
		}
	}
	return nil
}

// acknowledged waits until the service has acknowledged all commands of the subscribers, which have sent so many each.
func (l *lab) acknowledged(count int) error {
	var errs []error
	for _, s := range l.subscribers {
		l.rules.Commands[s.Name] = count
		if strings.HasPrefix(s.Name, "sync") {
			l.rules.Ordered = append(l.rules.Ordered, s.Name)
		}
		if s.client == nil {
			continue // its page says so when it ends
		}
		for deadline := time.Now().Add(l.patient); s.client.Unacknowledged() > 0; {
			if time.Now().After(deadline) {
				errs = append(errs, fmt.Errorf("%d commands of %s are not acknowledged", s.client.Unacknowledged(), s.Name))
				break
			}
			if err := l.rest(time.Millisecond); err != nil {
				return err
			}
		}
	}
	return errors.Join(errs...)
}

// verdict ends all subscribers and returns all that was wrong with the run.
func (l *lab) verdict() (faults []string) {
	l.Helper()
	var logs []*witness.Log
	for _, s := range l.subscribers {
		if s.page != nil {
			faults = append(faults, s.page.end(l.patient)...)
		}
		s.cancel()
		<-s.over
		logs = append(logs, s.Log)
	}
	for _, s := range l.ran {
		for _, word := range []string{"DATA RACE", "panic"} {
			if log := s.log.String(); strings.Contains(log, word) {
				faults = append(faults, "the service's log speaks of: "+word)
			}
		}
	}
	file, err := os.Open(l.journal)
	l.must(err)
	defer file.Close()
	truth, err := witness.ReadJournal(file)
	l.must(err)
	stats := l.proxy.Stats()
	resets := 0
	for _, log := range logs {
		resets += log.Resets()
	}
	l.Logf("%d connections, %d cuts (%d FIN, %d RST, %d silent), %d MiB; %d resets",
		stats.Connections, stats.Cuts(), stats.Finished, stats.Reset, stats.Silenced, stats.Bytes>>20, resets)
	return append(faults, witness.Check(truth, logs, l.rules)...)
}

// together runs parts of a run at the same time, and returns what went wrong.
func together(parts ...func() error) error {
	errs := make([]error, len(parts))
	var all sync.WaitGroup
	for i, part := range parts {
		all.Go(func() { errs[i] = part() })
	}
	all.Wait()
	return errors.Join(errs...)
}

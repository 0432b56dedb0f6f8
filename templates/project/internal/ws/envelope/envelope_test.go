package envelope

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
)

// samples has each field alone, and all of them.
func samples() []ws.Envelope {
	return []ws.Envelope{
		{},
		{Data: []byte("hello")},
		{Binary: true},
		{Gap: true},
		{Event: "chat.message"},
		{Key: strings.Repeat("k", 1000)},
		{To: "node.socket"},
		{Epoch: "e"},
		{Offset: 1<<64 - 1},
		{End: ws.JobDone},
		{Reason: "because"},
		{
			Event: "a", Data: []byte{0, 1, 2}, Binary: true, Key: "b", To: "c", Gap: true,
			Epoch: "d", Offset: 7, End: ws.JobFailed, Reason: "e",
		},
	}
}

// normal returns the envelope with no data rather than empty data, which nobody tells apart.
func normal(e ws.Envelope) ws.Envelope {
	if len(e.Data) == 0 {
		e.Data = nil
	}
	return e
}

func TestRoundTrip(t *testing.T) {
	for _, e := range samples() {
		b := Append([]byte("before"), e)
		got, err := Parse(b[len("before"):])
		if err != nil || !reflect.DeepEqual(normal(got), e) || !bytes.HasPrefix(b, []byte("before")) {
			t.Errorf("%+v came back as %+v, %v", e, got, err)
		}
	}
}

// TestEveryFieldIsCarried fails where ws.Envelope gets a field that this package, or its test, does not know.
func TestEveryFieldIsCarried(t *testing.T) {
	all := samples()
	full := reflect.ValueOf(all[len(all)-1])
	for i := range full.NumField() {
		if full.Field(i).IsZero() {
			t.Errorf("the field %s is not tested", full.Type().Field(i).Name)
		}
	}
}

// TestForm pins the bytes, which processes of other builds read.
func TestForm(t *testing.T) {
	for want, e := range map[string]ws.Envelope{
		"\x01\x00hi":                           {Data: []byte("hi")},
		"\x01\x15\x01e\x02idhi":                {Event: "e", To: "id", Binary: true, Data: []byte("hi")},
		"\x01\x68\x01k\x01E\xac\x02\x04donehi": {Key: "k", Epoch: "E", Offset: 300, End: ws.JobDone, Data: []byte("hi")},
	} {
		if got := Append(nil, e); string(got) != want {
			t.Errorf("%+v: %q, want %q", e, got, want)
		}
	}
}

// TestCutShort: no beginning of an envelope is one, unless only data is missing.
func TestCutShort(t *testing.T) {
	e := ws.Envelope{Event: "a", Key: "b", To: "c", Epoch: "d", Offset: 300, End: ws.JobFailed, Reason: "e"}
	b := Append(nil, e)
	for n := range b {
		if _, err := Parse(b[:n]); !errors.Is(err, ErrForm) {
			t.Errorf("%q: %v", b[:n], err)
		}
	}
}

func TestOtherVersion(t *testing.T) {
	if _, err := Parse([]byte{2, 0}); !errors.Is(err, ErrForm) {
		t.Error(err)
	}
}

// FuzzParse: whatever a server hands over, there is an envelope with the same meaning, or an error; no panic, and no text that
// is longer than the bytes were.
func FuzzParse(f *testing.F) {
	for _, e := range samples() {
		f.Add(Append(nil, e))
	}
	f.Add([]byte("\x01\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Parse(Append(nil, e))
		if err != nil || !reflect.DeepEqual(normal(again), normal(e)) {
			t.Errorf("%q: %+v, then %+v, %v", b, e, again, err)
		}
	})
}

func BenchmarkRoundTrip(b *testing.B) {
	e := ws.Envelope{Data: make([]byte, 100), Key: "server 7"}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], e)
		if _, err := Parse(buf); err != nil {
			b.Fatal(err)
		}
	}
}

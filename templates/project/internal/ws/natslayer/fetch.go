package natslayer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// query is a question to JetStream for messages of a stream; fields that are not set ask for nothing.
type query struct {
	Seq       uint64 `json:"seq,omitempty"`          // this message, or with NextFor the first one from it on
	LastFor   string `json:"last_by_subj,omitempty"` // the newest message
	NextFor   string `json:"next_by_subj,omitempty"` // the first message
	StartTime string `json:"start_time,omitempty"`   // from then on, in the place of Seq
	Batch     int    `json:"batch,omitempty"`        // so many, and what JetStream says at the end
	MaxBytes  int    `json:"max_bytes,omitempty"`    // no more when this is reached
}

// Answers of JetStream in the place of a message.
const (
	statusEnd      = "204"
	statusNotFound = "404"
)

// errGone says that there is no such message.
var errGone = errors.New("no such message")

// direct returns the subject that asks any server that has the stream; leader, the one that asks the server which leads it. Only
// that one always knows what has been stored.
func direct(f *family) string { return "$JS.API.DIRECT.GET." + f.name }
func leader(f *family) string { return "$JS.API.STREAM.MSG.GET." + f.name }

// get returns one message, or errGone.
func (b *Backend) get(ctx context.Context, f *family, q query) (*message, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	m, err := b.conn.RequestWithContext(ctx, direct(f), body)
	if err != nil {
		return nil, err
	}
	if status := m.Header.Get(statusHeader); status != "" {
		return nil, errStatus(status, m)
	}
	return decode(m)
}

// errStatus is what JetStream says in the place of a message.
func errStatus(status string, m *nats.Msg) error {
	if status == statusNotFound {
		return errGone
	}
	return fmt.Errorf("JetStream answers %s %s", status, m.Header.Get("Description"))
}

// batch returns the messages that a question with a Batch asks for.
func (b *Backend) batch(ctx context.Context, f *family, q query) ([]*message, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	answers := make(chan *nats.Msg, q.Batch+1)
	reply := b.conn.NewRespInbox()
	sub, err := b.conn.ChanSubscribe(reply, answers)
	if err != nil {
		return nil, err
	}
	defer sub.Unsubscribe() //nolint:errcheck // it fails only without a connection, with which the subscription ends
	if err := b.conn.PublishRequest(direct(f), reply, body); err != nil {
		return nil, err
	}
	var all []*message
	for {
		select {
		case m := <-answers:
			switch status := m.Header.Get(statusHeader); status {
			case "":
				d, err := decode(m)
				if err != nil {
					return nil, err
				}
				all = append(all, d)
			case statusEnd, statusNotFound:
				return all, nil
			case "503":
				return nil, nats.ErrNoResponders
			default:
				return nil, errStatus(status, m)
			}
		case <-b.closing.Done():
			return nil, context.Cause(b.closing)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// head returns the newest message of a topic of any kind, or errGone. Where several servers have the stream, any of them might
// answer that has not heard of it yet, so that the one is asked that leads it.
func (b *Backend) head(ctx context.Context, f *family, subjects string) (*message, error) {
	if b.config.Replicas > 1 {
		return b.newest(ctx, f, subjects)
	}
	return b.get(ctx, f, query{LastFor: subjects})
}

// newest returns the newest message of a topic of any kind, as the server knows it that leads the stream, or errGone.
func (b *Backend) newest(ctx context.Context, f *family, subjects string) (*message, error) {
	m, err := b.raw(ctx, f, query{LastFor: subjects})
	if err != nil {
		return nil, err
	}
	return decode(m)
}

// answered is what the server says that leads a stream.
type answered struct {
	Message *struct {
		Subject string `json:"subject"`
		Seq     uint64 `json:"seq"`
		Headers []byte `json:"hdrs"`
		Data    []byte `json:"data"`
		Time    string `json:"time"`
	} `json:"message"`
	Error *jetstream.APIError `json:"error"`
}

// firstPatience is how long an answer is waited for at first, where asking again does no harm.
const firstPatience = 500 * time.Millisecond

// ask makes a request that only the server answers which leads a stream, and that may be made twice. While none leads it, as when it
// was just made, there is no answer at all, so it asks again, and waits longer each time.
func (b *Backend) ask(ctx context.Context, subject string, body []byte) (*nats.Msg, error) {
	for wait := firstPatience; ; wait *= 2 {
		attempt, cancel := context.WithTimeout(ctx, wait)
		m, err := b.conn.RequestWithContext(attempt, subject, body)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return m, err
		}
	}
}

// raw asks the server that leads a stream for a message, and returns it with the headers that others give it, or errGone.
func (b *Backend) raw(ctx context.Context, f *family, q query) (*nats.Msg, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	m, err := b.ask(ctx, leader(f), body)
	if err != nil {
		return nil, err
	}
	var answer answered
	switch err := json.Unmarshal(m.Data, &answer); {
	case err != nil:
		return nil, fmt.Errorf("answer of JetStream: %w", err)
	case answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return nil, errGone
	case answer.Error != nil:
		return nil, answer.Error
	case answer.Message == nil:
		return nil, errors.New("JetStream answers without a message")
	}
	header, err := nats.DecodeHeadersMsg(answer.Message.Headers)
	if err != nil {
		return nil, fmt.Errorf("answer of JetStream: %w", err)
	}
	header.Set(subjectHeader, answer.Message.Subject)
	header.Set(sequenceHeader, strconv.FormatUint(answer.Message.Seq, 10))
	header.Set(timeHeader, answer.Message.Time)
	return &nats.Msg{Header: header, Data: answer.Message.Data}, nil
}

// purge has JetStream let go of all messages on some subjects before one.
func (b *Backend) purge(ctx context.Context, f *family, subjects string, before uint64) error {
	if before <= 1 {
		return nil // JetStream takes it for no bound, and would let go of all
	}
	return b.order(ctx, "$JS.API.STREAM.PURGE."+f.name, struct {
		Filter string `json:"filter"`
		Seq    uint64 `json:"seq"`
	}{subjects, before})
}

// remove has JetStream let go of one message.
func (b *Backend) remove(ctx context.Context, f *family, seq uint64) error {
	return b.order(ctx, "$JS.API.STREAM.MSG.DELETE."+f.name, struct {
		Seq     uint64 `json:"seq"`
		NoErase bool   `json:"no_erase"` // which would overwrite it on the disk
	}{seq, true})
}

// order has JetStream do something.
func (b *Backend) order(ctx context.Context, subject string, what any) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	m, err := b.ask(ctx, subject, body)
	if err != nil {
		return err
	}
	var answer struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return fmt.Errorf("answer of JetStream: %w", err)
	}
	if answer.Error != nil {
		return answer.Error
	}
	return nil
}

package ws

import "context"

// listen has f called with what is published to a topic that is no group's, and with a Gap where some of it may have been missed, until
// unlisten or the end of the layer; f does not block. A topic has one listener.
func (l *Layer) listen(ctx context.Context, topic string, f func(Envelope)) error {
	l.hear(topic, f)
	err := l.backend.Subscribe(ctx, topic)
	if err != nil {
		l.hear(topic, nil)
	}
	return err
}

// unlisten ends it.
func (l *Layer) unlisten(ctx context.Context, topic string) error {
	l.hear(topic, nil)
	return l.backend.Unsubscribe(ctx, topic)
}

// hear sets who hears what is published to a topic that is no group's, or nobody.
func (l *Layer) hear(topic string, f func(Envelope)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f == nil {
		delete(l.hearers, topic)
		return
	}
	if l.hearers == nil {
		l.hearers = make(map[string]func(Envelope))
	}
	l.hearers[topic] = f
}

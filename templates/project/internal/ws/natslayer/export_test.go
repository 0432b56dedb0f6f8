package natslayer

// Waiting returns how many bytes have arrived and were not handed on.
func (b *Backend) Waiting() int {
	b.inbox.mu.Lock()
	defer b.inbox.mu.Unlock()
	return b.inbox.bytes
}

package ws

// NewMemoryBackend gives tests outside this package the backend of [NewMemoryLayer].
func NewMemoryBackend() Backend { return &memoryBackend{} }

package ws

import "fmt"

// identify takes note of which client this is: one object of a page, over all its connections.
func (s *Socket) identify(string) error { return nil }

// takeCommand takes note of a numbered command that was read.
func (s *Socket) takeCommand(number uint64) error {
	return fmt.Errorf("%w: command %d, but the service has no streams", errWire, number)
}

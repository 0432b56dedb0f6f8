package ws

// follow begins to send what the page has missed of a stream, and then what is new.
func (s *Socket) follow(control) {}

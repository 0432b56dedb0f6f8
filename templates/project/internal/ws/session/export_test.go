package session

// Logins returns how many logins have a socket in this process, or a handshake that is under way.
func (a *Auth) Logins() int {
	a.logins.mu.Lock()
	defer a.logins.mu.Unlock()
	return len(a.logins.known)
}

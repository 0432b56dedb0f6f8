package wireclient

// Kind says what an [Event] tells.
type Kind string

// The kinds. Opened, Joined, Recovered and Left are news of the wire that an application would not care for.
const (
	Opened    Kind = "opened"    // the service said hello: ID
	Closed    Kind = "closed"    // the connection or the attempt is over: Code, Reason
	Message   Kind = "message"   // Data, Binary; of a stream: Stream, Epoch, Offset
	Joined    Kind = "joined"    // Stream, Epoch, and the newest offset as Offset
	Recovered Kind = "recovered" // nothing is missing: the position became Epoch, Offset
	Reset     Kind = "reset"     // something is missing: Reason; the position became Epoch, Offset; Data is the snapshot, or nil
	End       Kind = "end"       // the stream ended: Offset, State, Reason, Data
	Left      Kind = "left"      // Stream
	Missed    Kind = "missed"    // messages may be missing: of Group, or, where it is empty, of those to this socket alone
	Breach    Kind = "breach"    // the service broke the protocol: Reason
)

// Event is what a [Client] tells, in order. Its JSON form is what the tests' other clients print.
type Event struct {
	Kind   Kind   `json:"kind"`
	ID     string `json:"id,omitempty"`     // of the connection, at the service
	Group  string `json:"group,omitempty"`  // its name
	Stream string `json:"stream,omitempty"` // its name
	Epoch  string `json:"epoch,omitempty"`
	Offset uint64 `json:"offset,omitempty"`
	Code   int    `json:"code,omitempty"`
	State  string `json:"state,omitempty"`
	Reason string `json:"reason,omitempty"`
	Binary bool   `json:"binary,omitempty"`
	Data   []byte `json:"data,omitempty"` // in JSON base64; the receiver of an Event may keep it
}

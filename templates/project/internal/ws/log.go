package ws

import (
	"context"
	"errors"
	"time"
)

// History says how much of a stream is kept. The oldest messages go first.
type History struct {
	Messages int           // at most so many
	Bytes    int           // at most so many bytes of data and keys, but always the newest message
	TTL      time.Duration // none longer than this
	Latest   bool          // of each key the newest message only; messages without a key are all kept
}

// ResultTTL is how long the end of a stream and its snapshot are kept, which outlive the rest.
const ResultTTL = 24 * time.Hour

// Position is a place in a stream: behind the record with this offset.
type Position struct {
	Epoch  string // another one means that the offsets began anew
	Offset uint64 // rises from record to record, not always by one; 0 is the beginning
}

// Append is what a [Log] is asked to add.
type Append struct {
	History  History
	Envelope Envelope
	// Owner, where it is set, must hold the lease on the stream; otherwise nothing is added and the error is [ErrLease].
	// An envelope with an End gives its lease back in the same step; one that ends interrupted lets it lapse at once.
	Owner string
}

// Page is what a [Log] has of a stream behind an offset, all of it at one moment: nothing is added or let go of between what one
// field tells and the next.
type Page struct {
	Epoch string
	Top   uint64 // the newest offset; 0 before the first record
	// Since is the offset behind which nothing is missing: who has seen all up to it, or up to a later record, can be told
	// all that followed. What a later message of the same key replaced is not missing under History.Latest. It never falls, and
	// where nothing is kept it is Top.
	Since   uint64
	Records []Envelope // from the oldest on, as many as one page holds; the end of a stream is among them
	// Snapshot is what was last saved, or nil; its Offset is the top at that time, so that it is not above Top.
	Snapshot *Envelope
	// End is the record that ended the stream, or nil where nothing has, or something was appended since. Until then it is kept
	// for ResultTTL at least, and Since stays below it, whatever becomes of the records before it.
	End *Envelope
	// Owner holds the lease on the stream: its job runs. "" where nobody does.
	Owner string
	// Lapsed says that nobody holds the lease, and that its last owner did not give it back: its job was interrupted. That is
	// known for ResultTTL.
	Lapsed bool
}

// Lease is what a [Log] tells the owner of a lease.
type Lease struct {
	Cancelled bool // [Log.Cancel] was called: what it stands for is to end
}

// Log keeps streams. A [Backend] that has one keeps history. Its methods are safe for concurrent use, and a stream that nobody
// has appended to exists: it is empty. A record's data is not written to after it was appended or read.
//
// A stream is forgotten, and begins anew with another epoch, when nothing of it is kept, nobody subscribes to its topic or
// holds its lease, and nobody has asked for it for the time of its History.TTL.
type Log interface {
	// Append adds a record to a stream and publishes it to the topic's subscribers, as one step: all of them see the records
	// in the order of their offsets, and who reads after it was delivered, in whichever process, finds it. It does not keep
	// the caller's data. Where it fails, though not with [ErrLease], the record may have been added all the same.
	Append(ctx context.Context, topic string, a Append) (Position, error)
	// Read returns what is kept behind an offset, from the oldest on, at most limit records. They may be fewer, so that a page
	// takes little memory, but none only where none is kept. Limit 0 asks for the rest of the page alone. So does a limit
	// below 0, but it costs nothing where there is nothing: of a stream that nobody uses the page is the zero value, without
	// an epoch. It is for names that anybody may have made up.
	Read(ctx context.Context, topic string, h History, after uint64, limit int) (Page, error)
	// Save keeps a snapshot: the state of things after all records so far. Of the Append it uses History, Owner, and the
	// Data and Binary of the Envelope. It does not keep the caller's data.
	Save(ctx context.Context, topic string, a Append) (Position, error)
	// Lease gives owner the lease on a stream, or renews it, and returns [ErrLease] where another holds it. Where the log may
	// outlive its owner, the lease lapses after d.
	Lease(ctx context.Context, topic, owner string, d time.Duration) (Lease, error)
	// Cancel takes note that what the lease stands for is to end: Lease tells its owner, and where it lapses the next one. An
	// Append with an Owner and an End forgets it. Where nobody holds the lease, and it did not lapse, nothing happens.
	Cancel(ctx context.Context, topic string) error
	// Release gives back a lease that was taken for nothing: the stream is as it was before. Where owner does not hold it,
	// nothing happens.
	Release(ctx context.Context, topic, owner string) error
	// Lapsed lists the topics whose Page would be Lapsed, in any order.
	Lapsed(ctx context.Context) ([]string, error)
	// Forget drops all that is kept of a stream, which begins anew with another epoch. It returns [ErrLease] where somebody
	// holds the lease.
	Forget(ctx context.Context, topic string) error
}

// pageBytes is how much of data and keys one page of records holds, if it is more than one record: whoever reads for a page that is
// slow holds it for a while, also when the log has let go of it.
const pageBytes = 64 << 10

// lookOnly is a limit for [Log.Read], below 0.
const lookOnly = -1

// JobState is how far a job is.
type JobState string

// The states of a job. All but running are ends.
const (
	JobRunning     JobState = "running"
	JobDone        JobState = "done"        // it has a result
	JobFailed      JobState = "failed"      // its function returned an error or panicked
	JobCancelled   JobState = "cancelled"   // on request
	JobInterrupted JobState = "interrupted" // the service stopped or died first; start it again
)

// Errors of streams and jobs, for errors.Is.
var (
	ErrNoHistory = errors.New("ws: the layer keeps no history of this group")
	ErrLease     = errors.New("ws: another process, or job, holds the lease on this stream")
)

package dataset

import (
	"context"
	"io"
	"time"
)

// Streams is one way to receive and send datasets as ZFS send streams.
type Streams interface {
	Receive(ctx context.Context, target string, src io.Reader, o ReceiveOptions) error
	AbortReceive(ctx context.Context, name string) error
	Send(ctx context.Context, snapshot string, dst io.Writer, o SendOptions) error
}

// ReceiveOptions of zfs receive.
type ReceiveOptions struct {
	Force     bool              // -F: roll back first, and replace what a full stream is for
	NoMount   bool              // -u
	Resumable bool              // -s: keep what came of a stream that is cut
	DryRun    bool              // -n
	WholePath bool              // -d: append the sent name but for its pool
	LastName  bool              // -e: append the last part of the sent name
	Props     map[string]string // -o
	Exclude   []string          // -x
	Origin    string            // -o origin=SNAPSHOT
	// Zone keeps of the files what a zone may have, as with any other image.
	Zone bool
	// Report is told what is received, before and after; nil is fine.
	Report func(Received)
}

// Received is one snapshot's stream.
type Received struct {
	Stream      string // the name that was sent
	Into        string // the snapshot to be made
	Incremental bool
	Ignored     bool // there already
	DryRun      bool
	Done        bool // all came; Bytes and Took are set
	Bytes       int64
	Took        time.Duration
	Notes       []string // sentences about what was left out
}

// SendOptions of zfs send.
type SendOptions struct {
	From          string // -i, -I: a snapshot or a bookmark; empty for all
	Intermediates bool   // -I: every snapshot in between
	Replicate     bool   // -R: all datasets below, with their snapshots and properties
	Props         bool   // -p
	Holds         bool   // -h
	DryRun        bool   // -n
	Compressed    bool   // -c: as the pool has it; of OpenZFS only, like the next ones
	LargeBlocks   bool   // -L
	Embedded      bool   // -e
	Raw           bool   // -w
	Estimate      bool   // report sizes before anything is sent
	Token         string // -t: go on with a stream that was cut
	// Report is told what is sent; nil is fine.
	Report func(Sent)
}

// Sent is a snapshot's stream with its size, or the sum of all.
type Sent struct {
	From, To string // From is empty in a full stream, To in the sum
	Bytes    int64
	Notes    []string // sentences about what is left out
}

// Package meta speaks the metadata protocol, versions 1 and 2, by which a
// machine reads and writes its own metadata: the server's side for the host,
// the client's side for mdata-get and its kin. It neither makes sockets nor
// knows where a machine's metadata is kept; a Store does.
//
// The other end of a server is hostile: lines, connections and their memory
// are bounded, and no error text of the host's reaches it unless it was worded
// for it (Refusal).
package meta

import (
	"errors"
	"fmt"
)

// SocketPaths are where a machine finds its metadata socket, below its own
// root: the first is for every brand, the second where SmartOS's native zones
// have it.
var SocketPaths = []string{"native/.zonecontrol/metadata.sock", ".zonecontrol/metadata.sock"}

// Store is one machine's metadata. Its methods are called from several
// goroutines. Errors that are a Refusal are shown to the machine, others only
// logged.
type Store interface {
	// Get returns a key's value, and whether there is one.
	Get(key string) (value string, found bool, err error)
	// Keys lists the keys that can be read and written by name.
	Keys() ([]string, error)
	// Put sets a key; the empty value deletes it.
	Put(key, value string) error
	// Delete removes a key; one that is not there is no error.
	Delete(key string) error
}

// ErrNotFound says that there is no metadata of that name.
var ErrNotFound = errors.New("no such metadata")

// ErrUnsupported says that the host speaks only version 1, which cannot write.
var ErrUnsupported = errors.New("host does not support it")

// ErrNoSocket says that this system has no metadata socket.
var ErrNoSocket = errors.New("no metadata socket here; only zones have one")

// Refusal is an error whose text may be shown to the machine. On the client's
// side it is what the host answered.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return r.Reason }

func refusef(format string, args ...any) error {
	return &Refusal{fmt.Sprintf(format, args...)}
}

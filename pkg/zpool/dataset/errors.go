package dataset

import (
	"errors"
	"fmt"
	"strings"
)

// Conditions that callers test with errors.Is, in the words of zfs(8).
var (
	ErrNotFound    = errors.New("dataset does not exist")
	ErrNoPool      = errors.New("no such pool")
	ErrNoParent    = errors.New("parent does not exist")
	ErrExists      = errors.New("dataset already exists")
	ErrPoolExists  = errors.New("pool already exists")
	ErrBusy        = errors.New("pool or dataset is busy")
	ErrChildren    = errors.New("filesystem has children")
	ErrClones      = errors.New("has dependent clones")
	ErrNewer       = errors.New("more recent snapshots or bookmarks exist")
	ErrNoSpace     = errors.New("out of space")
	ErrBadName     = errors.New("invalid name")
	ErrProperty    = errors.New("invalid property")
	ErrUnsupported = errors.New("not supported by this backend")
)

// Error says what could not be done to which dataset, and why: "cannot create
// 'zones/a': dataset already exists".
type Error struct {
	Op   string // "open", "create", "destroy", "set property for"
	Name string
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("cannot %s '%s': %v", e.Op, e.Name, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Cannot is an Error.
func Cannot(op, name string, err error) error { return &Error{op, name, err} }

// BlockedError says which datasets stand in the way, one a line as zfs(8) does.
type BlockedError struct {
	Reason error  // ErrChildren, ErrClones, ErrNewer
	Text   string // "filesystem has children"
	Use    string // "use '-r' to destroy the following datasets:"
	Names  []string
}

func (e *BlockedError) Error() string {
	return e.Text + "\n" + e.Use + "\n" + strings.Join(e.Names, "\n")
}

// Unwrap returns the reason.
func (e *BlockedError) Unwrap() error { return e.Reason }

// reason is an error with words of its own that is also a sentinel.
type reason struct {
	text string
	is   error
}

func (r *reason) Error() string { return r.text }
func (r *reason) Unwrap() error { return r.is }

// As words a condition differently: errors.Is(As(ErrBadName, "x"), ErrBadName).
func As(is error, format string, args ...any) error {
	return &reason{fmt.Sprintf(format, args...), is}
}

package cli

import (
	"errors"
	"fmt"
)

// Exit codes shared by the tools, as illumos has them.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// ExitError carries the exit code a tool must end with. A nil Err ends it
// silently: what there was to say has been said (a command in a zone that
// exited 3).
type ExitError struct {
	Code  int
	Err   error
	Usage bool // the tool's usage follows the message
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *ExitError) Unwrap() error { return e.Err }

// Exit returns an error that ends the tool silently with code.
func Exit(code int) error { return &ExitError{Code: code} }

// Usagef is an error in the way a tool was called: exit code 2, and the usage is
// shown.
func Usagef(format string, args ...any) error {
	return &ExitError{Code: ExitUsage, Err: fmt.Errorf(format, args...), Usage: true}
}

// HintError adds a line that tells the user what to do about it.
type HintError struct {
	Err  error
	Hint string
}

func (e *HintError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *HintError) Unwrap() error { return e.Err }

// WithHint adds a hint to err.
func WithHint(err error, hint string) error { return &HintError{err, hint} }

// Code is the exit code that err asks for.
func Code(err error) int {
	if err == nil {
		return ExitOK
	}
	if e, ok := errors.AsType[*ExitError](err); ok {
		return e.Code
	}
	return ExitFailed
}

// Package revert undoes the finished steps of multi-step work when a later
// step fails.
//
//	undo := revert.New()
//	defer undo.Fail()
//	... make a thing ...
//	undo.Add(func() error { remove the thing })
//	...
//	undo.Success()
package revert

import (
	"errors"
	"slices"
)

// Stack holds undo steps, run last first.
type Stack struct{ steps []func() error }

// New returns an empty stack.
func New() *Stack { return &Stack{} }

// Add pushes the undo of a step that has just been done.
func (s *Stack) Add(undo func() error) { s.steps = append(s.steps, undo) }

// Success forgets all steps: the work is done and stays.
func (s *Stack) Success() { s.steps = nil }

// Fail runs all steps, last first, each whatever the others say, and joins
// their errors. After Success it does nothing.
func (s *Stack) Fail() error {
	var errs []error
	for _, step := range slices.Backward(s.steps) {
		errs = append(errs, step())
	}
	s.steps = nil
	return errors.Join(errs...)
}

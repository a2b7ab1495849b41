// Package guestjob is what the test guest and its host say to each other: the
// job, a file in the guest's initramfs, and the events that come back as lines
// of JSON through a virtio port. It runs nothing.
package guestjob

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

const (
	File = "/etc/smartbox/guest.json" // of the job
	Port = "smartbox.results"         // name of the virtio port
	Mark = "/run/smartbox-test-guest" // is there in a guest

	maxLine = 16 << 20
)

// Job is what a guest does before it powers off.
type Job struct {
	Modules []string // to load first, in addition to what devices ask for
	Hybrid  bool     // control groups v1 with a v2 hierarchy beside them, not v2 alone
	Scratch bool     // make a file system for /tmp on the last disk
	Tests   []Test
}

// Test is one program to run: a Go test binary or any other.
type Test struct {
	Name string
	Argv []string
	Dir  string
	Env  []string
}

// Event is one thing that happened in the guest.
type Event struct {
	Kind    string  `json:"kind"` // run, output, exit, end
	Name    string  `json:"name,omitempty"`
	Text    string  `json:"text,omitempty"`
	Code    int     `json:"code,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
}

// Kinds of events.
const (
	Run    = "run"    // test Name begins
	Output = "output" // it wrote Text
	Exit   = "exit"   // it ended with Code
	End    = "end"    // of the job; Text says why when it could not be done
)

// Sender writes events.
type Sender struct {
	mu sync.Mutex
	w  io.Writer
}

// NewSender writes events to w.
func NewSender(w io.Writer) *Sender { return &Sender{w: w} }

// Send writes one event.
func (s *Sender) Send(e Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.w.Write(append(line, '\n'))
	return err
}

// Receive calls do for each event until the last one or the end of r, and
// reports whether the last one came.
func Receive(r io.Reader, do func(Event)) (ended bool, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return false, fmt.Errorf("the guest said %.80q: %w", line, err)
		}
		do(e)
		if e.Kind == End {
			return true, nil
		}
	}
	return false, lines.Err()
}

package guestjob_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/platform/guestjob"
)

func TestSendReceive(t *testing.T) {
	var line bytes.Buffer
	s := guestjob.NewSender(&line)
	sent := []guestjob.Event{
		{Kind: guestjob.Run, Name: "a"},
		{Kind: guestjob.Output, Name: "a", Text: "two\nlines \x16 and \"quotes\""},
		{Kind: guestjob.Exit, Name: "a", Code: 3, Seconds: 0.5},
		{Kind: guestjob.End},
	}
	for _, e := range sent {
		if err := s.Send(e); err != nil {
			t.Fatal(err)
		}
	}
	line.WriteString("not read any more")
	var got []guestjob.Event
	ended, err := guestjob.Receive(&line, func(e guestjob.Event) { got = append(got, e) })
	if !ended || err != nil || len(got) != len(sent) {
		t.Fatalf("%v, %v, %v", ended, err, got)
	}
	for i := range sent {
		if got[i] != sent[i] {
			t.Errorf("%+v became %+v", sent[i], got[i])
		}
	}
}

func TestReceive_aGuestThatDies(t *testing.T) {
	ended, err := guestjob.Receive(strings.NewReader(`{"kind":"run","name":"a"}`+"\n"), func(guestjob.Event) {})
	if ended || err != nil {
		t.Errorf("%v, %v", ended, err)
	}
	if _, err := guestjob.Receive(strings.NewReader("Kernel panic\n"), func(guestjob.Event) {}); err == nil {
		t.Error("noise is taken as an event")
	}
}

func FuzzReceive(f *testing.F) {
	f.Add(`{"kind":"output","text":"x"}`)
	f.Fuzz(func(_ *testing.T, s string) {
		_, _ = guestjob.Receive(strings.NewReader(s), func(guestjob.Event) {})
	})
}

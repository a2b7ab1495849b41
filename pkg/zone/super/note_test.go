package super

import (
	"encoding/json"
	"testing"
	"time"
)

func TestReadNote_sleepsLaterEachTimeItIsSoonWoken(t *testing.T) {
	read := func(n note) note {
		t.Helper()
		text, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readNote(string(text))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	just, long := time.Now().Add(-time.Second), time.Now().Add(-time.Hour)
	for _, c := range []struct {
		name string
		note note
		want time.Duration
	}{
		{"the first waking", note{Quiet: firstQuiet}, firstQuiet},
		{"woken at once", note{Slept: just, Quiet: firstQuiet}, 2 * firstQuiet},
		{"again and again", note{Slept: just, Quiet: lastQuiet}, lastQuiet},
		{"slept well", note{Slept: long, Quiet: lastQuiet}, firstQuiet},
		{"nonsense", note{Slept: long, Quiet: -1}, firstQuiet},
	} {
		if got := read(c.note); got.Quiet != c.want {
			t.Errorf("%s: quiet %v, want %v", c.name, got.Quiet, c.want)
		}
	}
	if got := read(note{Clients: []bool{true, false}}); len(got.Clients) != 2 || !got.Clients[0] {
		t.Errorf("clients %v", got.Clients)
	}
	if _, err := readNote("{"); err == nil {
		t.Error("half a note is none")
	}
}

func TestActivity_isIdleSinceTheLastEnded(t *testing.T) {
	var a activity
	a.add(1)
	a.add(1)
	a.add(-1)
	if a.idle() != 0 {
		t.Error("idle while one is being done")
	}
	a.add(-1)
	if idle := a.idle(); idle <= 0 || idle > time.Minute {
		t.Errorf("idle for %v", idle)
	}
}

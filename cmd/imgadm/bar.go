package imgadm

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/smartbox-os/smartbox/pkg/img"
)

// bar is the progress bar: one line that is written over itself.
type bar struct {
	w       io.Writer
	width   int
	now     func() time.Time
	shown   time.Time
	started time.Time
	doing   img.EventKind
	first   int64 // done when it started: what was resumed took no time
	visible bool
}

const redraw = 100 * time.Millisecond

func (b *bar) show(e img.Event) {
	now := b.now()
	if b.started.IsZero() || b.doing != e.Doing || e.Done < b.first {
		b.started, b.doing, b.first, b.shown = now, e.Doing, e.Done, time.Time{}
	}
	if now.Sub(b.shown) < redraw && e.Done < e.Total {
		return
	}
	b.shown, b.visible = now, true
	fmt.Fprintf(b.w, "\r%s\x1b[K", b.text(e, now))
}

func (b *bar) text(e img.Event, now time.Time) string {
	word := "Downloading"
	if e.Doing == img.Installing {
		word = "Installing"
	}
	part := 1.0
	if e.Total > 0 {
		part = float64(e.Done) / float64(e.Total)
	}
	tail := fmt.Sprintf(" %3d%% %s%s", int(100*part), img.Size(e.Done), b.pace(e, now))
	room := b.width - 1 - len(word) - len(tail) - 3
	if room < 10 {
		line := word + tail
		return line[:max(0, min(len(line), b.width-1))]
	}
	full := int(part * float64(room))
	return word + " [" + strings.Repeat("=", full) + strings.Repeat(" ", room-full) + "]" + tail
}

// pace is the speed and the time that is left, once they mean something.
func (b *bar) pace(e img.Event, now time.Time) string {
	took := now.Sub(b.started)
	if took < 500*time.Millisecond || e.Done <= b.first {
		return ""
	}
	speed := float64(e.Done-b.first) / took.Seconds()
	left := time.Duration(float64(e.Total-e.Done) / speed * float64(time.Second))
	return fmt.Sprintf(" %s/s %s", img.Size(int64(speed)), left.Round(time.Second))
}

func (b *bar) clear() {
	if b.visible {
		fmt.Fprint(b.w, "\r\x1b[K")
		b.visible = false
	}
}

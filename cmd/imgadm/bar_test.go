package imgadm

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/pkg/img"
)

func TestBar(t *testing.T) {
	now := time.Unix(0, 0)
	var out bytes.Buffer
	b := &bar{w: &out, width: 60, now: func() time.Time { return now }}
	step := func(done int64, after time.Duration) string {
		out.Reset()
		now = now.Add(after)
		b.show(img.Event{Kind: img.Progress, Doing: img.Downloading, Done: done, Total: 100 << 20})
		return out.String()
	}
	if got := step(0, 0); got != "\rDownloading ["+strings.Repeat(" ", 36)+"]   0% 0 B\x1b[K" {
		t.Errorf("first: %q", got)
	}
	if got := step(1<<20, 50*time.Millisecond); got != "" {
		t.Errorf("too soon: %q", got)
	}
	if got := step(50<<20, 1950*time.Millisecond); !strings.Contains(got, "= ") || !strings.Contains(got, " 50% 50.0 MiB 25.0 MiB/s 2s") {
		t.Errorf("half: %q", got)
	}
	if got := step(100<<20, 2*time.Second); !strings.Contains(got, "=] 100% 100.0 MiB 25.0 MiB/s 0s") {
		t.Errorf("end: %q", got)
	}
	for width := range 40 {
		b.width = width
		if got := step(70<<20, time.Second); len(strings.Trim(got, "\r\x1b[K")) > max(0, width-1) {
			t.Errorf("width %d: %q", width, got)
		}
	}
	out.Reset()
	b.clear()
	b.clear()
	if out.String() != "\r\x1b[K" {
		t.Errorf("clear: %q", out.String())
	}
}

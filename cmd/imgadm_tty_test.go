package cmd_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/smartbox-os/smartbox/internal/testenv/imgserver"
)

// onTerminal runs imgadm with stderr on a terminal and returns what it got.
func (r *imgadmRig) onTerminal(env []string, args ...string) string {
	r.t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		r.t.Fatal(err)
	}
	defer master.Close()
	c := r.command(args...)
	c.Env = append(c.Env, env...)
	c.Stderr = slave
	got := make(chan []byte)
	go func() {
		var b bytes.Buffer
		_, _ = io.Copy(&b, master) // EIO is its end
		got <- b.Bytes()
	}()
	err = c.Run()
	slave.Close()
	text := <-got
	if err != nil {
		r.t.Fatalf("%v\n%s", err, text)
	}
	return string(text)
}

func TestImgadm_progressIsForTerminals(t *testing.T) {
	r := newImgadmRig(t)
	for _, tt := range []struct {
		env  []string
		flag string
		bar  bool
	}{
		{[]string{"TERM=xterm", "NO_COLOR="}, "--zstream", true},
		{[]string{"TERM=dumb", "NO_COLOR="}, "--zstream", false},
		{[]string{"TERM=xterm", "NO_COLOR=1"}, "--zstream", false},
		{[]string{"TERM=xterm", "NO_COLOR="}, "-q", false},
	} {
		got := r.onTerminal(tt.env, "import", tt.flag, "-S", r.url, lowerUUID)
		if tt.bar != strings.Contains(got, "\rDownloading [") || !tt.bar && got != "" {
			t.Errorf("%v %s: %q", tt.env, tt.flag, got)
		}
		if tt.bar && (!strings.Contains(got, "\rInstalling [") || !strings.HasSuffix(got, "\r\x1b[K")) {
			t.Errorf("%v: %q", tt.env, got)
		}
		r.run("delete", lowerUUID)
	}
}

// An interrupt ends the work at once, in one line, and leaves what the next
// import can go on with.
func TestImgadm_interrupted(t *testing.T) {
	r := newImgadmRig(t)
	data := manyFiles(t, "c")
	const uuid = "33333333-3333-4333-8333-333333333333"
	slow, begun := true, make(chan struct{})
	s := &imgserver.Server{Images: []*imgserver.Image{imgserver.New(uuid, "slow", "1", data)}}
	s.Hook = func(w http.ResponseWriter, q *http.Request) bool {
		if !slow || !strings.HasSuffix(q.URL.Path, "/file") {
			return false
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data[:500_000])
		_ = http.NewResponseController(w).Flush()
		close(begun)
		<-q.Context().Done()
		return true
	}
	h := httptest.NewServer(s)
	defer h.Close()
	c := r.command("import", "-S", h.URL, uuid)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	<-begun
	for partial := r.root.Join("var/imgadm/downloads", uuid+".file.partial"); ; time.Sleep(time.Millisecond) {
		if st, err := os.Stat(partial); err == nil && st.Size() >= 500_000 {
			break
		}
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil || stderr.String() != "imgadm import: error (Interrupted): interrupted\n" {
		t.Errorf("%v: %q", err, stderr.String())
	}
	slow = false
	if got := r.run("import", "-S", h.URL, uuid); !strings.Contains(got, "Resuming download of image "+uuid+" at 488.3 KiB of ") {
		t.Errorf("got %s", got)
	}
	r.clean(1)
}

package meta_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/pkg/meta"
)

// say sends a line and returns the first line of the answer.
func say(t *testing.T, conn net.Conn, in *bufio.Reader, line string) string {
	t.Helper()
	if _, err := fmt.Fprintln(conn, line); err != nil {
		t.Fatal(err)
	}
	answer, err := in.ReadString('\n')
	if err != nil {
		t.Fatalf("after %.40q: %v", line, err)
	}
	return strings.TrimSuffix(answer, "\n")
}

// The exchange of cloud-init's DataSourceSmartOS, as recorded from its
// version 22.4: negotiation, then one GET a connection; over a serial line an
// empty line comes first.
func TestServe_cloudInit(t *testing.T) {
	path := listen(t, newServer(&table{values: map[string]string{"sdc:uuid": "5c1f"}}))
	conn := dial(t, path)
	in := bufio.NewReader(conn)
	for _, step := range [][2]string{
		{"", "invalid command"},
		{"NEGOTIATE V2", "V2_OK"},
		{"V2 25 95172943 d2a2a5a4 GET c2RjOnV1aWQ=", "V2 25 96a7a78a d2a2a5a4 SUCCESS NWMxZg=="},
		{"V2 21 0ff0f809 d2a2a5a4 GET bm9uZQ==", "V2 17 5b28254d d2a2a5a4 NOTFOUND"},
	} {
		if got := say(t, conn, in, step[0]); got != step[1] {
			t.Errorf("%q is answered with %q, want %q", step[0], got, step[1])
		}
	}
}

func TestServe_brokenFrameIsDropped(t *testing.T) {
	path := listen(t, newServer(&table{}))
	conn := dial(t, path)
	in := bufio.NewReader(conn)
	// The broken frame gets no answer, so the first line back is the next one's.
	if got := say(t, conn, in, "V2 21 00000000 dc4fae17 GET W10=\nNEGOTIATE V2"); got != "V2_OK" {
		t.Errorf("answer %q, want V2_OK", got)
	}
}

func TestServe_hidesErrorsOfTheHost(t *testing.T) {
	store := &table{fail: errors.New("open /zones/secret/config: input/output error")}
	client := connect(t, listen(t, newServer(store)))
	_, err := client.Get("k")
	if refusal, ok := errors.AsType[*meta.Refusal](err); !ok || strings.Contains(refusal.Reason, "/zones") {
		t.Errorf("Get: %v, want a refusal that names no path", err)
	}
	store.fail = &meta.Refusal{Reason: "the machine is being deleted"}
	if _, err := client.Get("k"); err == nil || err.Error() != "the machine is being deleted" {
		t.Errorf("Get: %v, want the refusal's own words", err)
	}
}

func TestServe_endlessLine(t *testing.T) {
	path := listen(t, newServer(&table{}))
	conn := dial(t, path)
	if _, err := conn.Write(bytes.Repeat([]byte("x"), 2*meta.MaxLine)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	if got := say(t, conn, in, ""); got != "invalid command" {
		t.Errorf("the endless line is answered with %q", got)
	}
	if got := say(t, conn, in, "NEGOTIATE V2"); got != "V2_OK" {
		t.Errorf("the line after it is answered with %q", got)
	}
}

// However many connections send long lines, few are kept in memory.
func TestServe_fewLongLinesAtATime(t *testing.T) {
	path := listen(t, newServer(&table{}))
	var conns []net.Conn
	for range 5 {
		conn := dial(t, path)
		if _, err := conn.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	refused := 0
	for _, conn := range conns {
		// Too long a line is an invalid command, one that was kept a failure.
		if say(t, conn, bufio.NewReader(conn), "") == "invalid command" {
			refused++
		}
	}
	if refused < 3 {
		t.Errorf("%d of 5 long lines at a time were refused, want at least 3", refused)
	}
}

func TestServe_tooManyConnections(t *testing.T) {
	path := listen(t, newServer(&table{}))
	for range meta.MaxConns {
		conn := dial(t, path)
		say(t, conn, bufio.NewReader(conn), "NEGOTIATE V2")
	}
	extra := dial(t, path)
	if n, err := extra.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("connection %d read %d bytes, %v; want it closed", meta.MaxConns+1, n, err)
	}
}

func TestServe_idleConnectionEnds(t *testing.T) {
	server := newServer(&table{})
	server.Idle = time.Millisecond
	conn := dial(t, listen(t, server))
	if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read %d bytes, %v; want the end", n, err)
	}
}

package meta_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/meta"
)

func connect(t *testing.T, path string) *meta.Client {
	t.Helper()
	client, err := meta.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestClient_roundTrip(t *testing.T) {
	client := connect(t, listen(t, newServer(&table{values: map[string]string{}})))
	values := map[string]string{
		"plain": "blue", "lines": "a\n.b\n", "-dash": "x", "ünï:ⓚ": "ü", "with blank": " v ",
		"big": strings.Repeat("0123456789abcdef", meta.MaxValue/16-1),
	}
	for key, want := range values {
		if err := client.Put(key, want); err != nil {
			t.Fatalf("Put(%q): %v", key, err)
		}
		if got, err := client.Get(key); err != nil || got != want {
			t.Errorf("Get(%q) = %.40q, %v; want %.40q", key, got, err, want)
		}
	}
	keys, err := client.Keys()
	if err != nil || len(keys) != len(values) || !slices.Contains(keys, "with blank") {
		t.Errorf("Keys() = %q, %v", keys, err)
	}
	if err := client.Delete("plain"); err != nil {
		t.Error(err)
	}
	if got, err := client.Get("plain"); !errors.Is(err, meta.ErrNotFound) {
		t.Errorf("Get of a deleted key = %q, %v; want ErrNotFound", got, err)
	}
}

func TestClient_valueTooLarge(t *testing.T) {
	client := connect(t, listen(t, newServer(&table{values: map[string]string{}})))
	err := client.Put("k", strings.Repeat("x", meta.MaxLine))
	if _, ok := errors.AsType[*meta.Refusal](err); !ok {
		t.Errorf("Put of %d bytes: %v, want a refusal", meta.MaxLine, err)
	}
	if err := client.Put("k", "v"); err != nil {
		t.Errorf("Put after a refused one: %v", err)
	}
}

// host answers each line that it reads with the next of answers.
func host(t *testing.T, answers ...string) *meta.Client {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		in := bufio.NewScanner(theirs)
		for _, answer := range answers {
			if !in.Scan() {
				return
			}
			fmt.Fprint(theirs, answer)
		}
	}()
	client, err := meta.NewClient(ours)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestClient_version1Host(t *testing.T) {
	client := host(t, "FAILURE\n", "SUCCESS\na\n..b\n\n.\n", "NOTFOUND\n", "SUCCESS\nx\ny\n.\n", "FAILURE\n")
	if got, err := client.Get("k"); err != nil || got != "a\n.b\n" {
		t.Errorf("Get = %q, %v", got, err)
	}
	if got, err := client.Get("k"); !errors.Is(err, meta.ErrNotFound) {
		t.Errorf("Get = %q, %v; want ErrNotFound", got, err)
	}
	if got, err := client.Keys(); err != nil || !slices.Equal(got, []string{"x", "y"}) {
		t.Errorf("Keys = %q, %v", got, err)
	}
	if got, err := client.Get("k"); err == nil {
		t.Errorf("Get = %q, want the host's failure", got)
	}
	if err := client.Put("k", "v"); !errors.Is(err, meta.ErrUnsupported) {
		t.Errorf("Put: %v, want ErrUnsupported", err)
	}
	if got, err := client.Get("a\nGET b"); err == nil {
		t.Errorf("Get of a key with a line feed = %q, want an error", got)
	}
}

// Noise and answers to other questions are skipped, as on a serial line. The
// host answers with what it was asked, so the client's own question is the
// frame that counts.
func TestClient_skipsForeignFrames(t *testing.T) {
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		in := bufio.NewScanner(theirs)
		in.Scan()
		fmt.Fprintln(theirs, "V2_OK")
		in.Scan()
		fmt.Fprintf(theirs, "noise\nV2 21 265ae1d8 dc4fae17 SUCCESS W10=\n%s\n", in.Text())
	}()
	client, err := meta.NewClient(ours)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Get("k"); err == nil || !strings.Contains(err.Error(), `answered "GET"`) {
		t.Errorf("Get: %v, want the one that names the frame with our own id", err)
	}
}

func TestClient_hostHangsUp(t *testing.T) {
	for _, answers := range [][]string{{"FAILURE\n", "SUCCESS\nhalf"}, {"V2_OK\n"}} {
		client := host(t, answers...)
		if got, err := client.Get("k"); err == nil {
			t.Errorf("Get = %q after %q, want an error", got, answers)
		}
	}
}

func TestDial_takesTheSocketThatIsThere(t *testing.T) {
	path := listen(t, newServer(&table{values: map[string]string{"k": "v"}}))
	client, err := meta.Dial(t.Context(), filepath.Join(t.TempDir(), "none"), path)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if got, err := client.Get("k"); err != nil || got != "v" {
		t.Errorf("Get = %q, %v", got, err)
	}
	if _, err := meta.Dial(t.Context(), filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("Dial without a socket succeeded")
	}
}

package boot

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/pkg/meta"
)

func TestAuthorize_addsWhatIsMissing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".ssh")
	file := filepath.Join(dir, "authorized_keys")
	for _, step := range []struct{ add, own, want string }{
		{"key one\nkey two\n\n", "", "key one\nkey two\n"},
		{"key two", "own", "key one\nkey two\nown\n"},
		{"key three\n", "", "key one\nkey two\nown\nkey three\n"},
	} {
		if step.own != "" {
			f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			f.WriteString(step.own)
			f.Close()
			step.want = strings.TrimSuffix(step.want, "\n") // nothing to add, nothing touched
		}
		if err := authorize(dir, step.add); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if err != nil || string(got) != step.want {
			t.Errorf("got %q, want %q, %v", got, step.want, err)
		}
	}
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
}

func TestReplace_followsNoLink(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	file := filepath.Join(dir, "file")
	for _, link := range []string{file, file + ".new"} {
		if err := os.Symlink(outside, link); err != nil {
			t.Fatal(err)
		}
	}
	if err := replace(file, "text", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(outside); !os.IsNotExist(err) {
		t.Errorf("a link was followed: %v", err)
	}
	if st, err := os.Lstat(file); err != nil || !st.Mode().IsRegular() {
		t.Errorf("%v, %v", st, err)
	}
}

func TestExecute(t *testing.T) {
	for text, want := range map[string]string{
		"#!/bin/sh\necho a script\n": "a script\n[ ",
		"echo without a shell\n":     "without a shell\n[ ",
		"#!/bin/sh\nexit 3\n":        "failed: exit status 3 ]",
	} {
		file := filepath.Join(t.TempDir(), "script")
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		err := execute(t.Context(), file, &log)
		if !strings.Contains(log.String(), want) || (err != nil) != strings.Contains(text, "exit 3") {
			t.Errorf("%q: %v, log:\n%s", text, err, log.String())
		}
	}
}

func TestExecute_endsWithItsTime(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "script")
	text := "#!/bin/sh\nsleep 1000 &\necho $! > " + dir + "/child\nwait\n"
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	why := errors.New("its time is up")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, why)
	defer cancel()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := execute(ctx, file, log); !errors.Is(err, why) {
		t.Errorf("it ended with %v", err)
	}
	said, err := os.ReadFile(log.Name())
	if err != nil || !strings.Contains(string(said), "failed: its time is up") {
		t.Errorf("the log says %q, %v", said, err)
	}
	child, err := os.ReadFile(filepath.Join(dir, "child"))
	if err != nil {
		t.Fatal(err)
	}
	stat := "/proc/" + strings.TrimSpace(string(child)) + "/stat"
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if now, err := os.ReadFile(stat); err != nil || strings.Contains(string(now), ") Z ") {
			return
		}
		if time.Now().After(end) {
			t.Fatal("what the script started goes on")
		}
	}
}

// answering is a host that knows one key.
func answering(t *testing.T, key, value string) *meta.Client {
	t.Helper()
	ours, theirs := net.Pipe()
	go meta.NewServer(one{key, value}, slog.New(slog.DiscardHandler)).Serve(t.Context(), theirs)
	client, err := meta.NewClient(ours)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

type one [2]string

func (o one) Get(key string) (string, bool, error) { return o[1], key == o[0], nil }
func (o one) Keys() ([]string, error)              { return nil, nil }
func (o one) Put(string, string) error             { return nil }
func (o one) Delete(string) error                  { return nil }

func TestScriptLimit(t *testing.T) {
	for _, c := range []struct {
		key, value string
		want       time.Duration
		bad        bool
	}{
		{limitKey, "7", 7 * time.Second, false},
		{limitKey, "0", 0, false},
		{"other", "7", 300 * time.Second, false},
		{limitKey, "-1", 300 * time.Second, true},
		{limitKey, "soon", 300 * time.Second, true},
	} {
		got, err := scriptLimit(answering(t, c.key, c.value))
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("%s=%s: %s, %v", c.key, c.value, got, err)
		}
	}
}

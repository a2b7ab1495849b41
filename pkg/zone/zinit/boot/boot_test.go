package boot

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

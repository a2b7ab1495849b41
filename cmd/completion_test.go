package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/cli"
)

// complete asks bash what it would offer after the words. The tools are links
// to a stand-in which answers as cobra does.
func complete(t *testing.T, answer string, words ...string) []string {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash")
	}
	env, script := testEnv()
	if code := completion(env, []string{"bash"}); code != cli.ExitOK {
		t.Fatalf("exit %d", code)
	}
	dir := t.TempDir()
	stub := "#!/bin/sh\necho \"${0##*/} $*\" >>" + dir + "/asked\nprintf '" + answer + "'\n"
	for _, name := range append([]string{self}, toolNames()...) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(stub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run := "compopt() { echo \"compopt $*\"; }\n" + script.String() + `
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _smartbox "$1"; printf '%s\n' "${COMPREPLY[@]}"; cat ` + dir + "/asked 2>/dev/null || :"
	cmd := exec.Command(bash, append([]string{"-c", run, "bash"}, words...)...)
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestCompletion_bash(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		words        []string
		want         string
	}{
		{"tool", "", []string{"smartbox", "mdata-g"}, "mdata-get"},
		{"man", "", []string{"smartbox", "man", "mdata-p"}, "mdata-put"},
		{"shell", "", []string{"smartbox", "completion", "z"}, "zsh"},
		{"by link", "alpha\\tone\\nbeta\\n:4\\n", []string{"mdata-get", "x", "a"}, "alpha|mdata-get __complete x a"},
		{"by argument", "alpha\\n:6\\n", []string{"smartbox", "mdata-get", ""}, "compopt -o nospace|alpha|mdata-get __complete"},
		{"files when nothing fits", ":0\\n", []string{"mdata-get", ""}, "compopt -o default||mdata-get __complete"},
		{"error", "x\\n:1\\n", []string{"mdata-get", ""}, "mdata-get __complete"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(complete(t, c.answer, c.words...), "|")
			got = strings.ReplaceAll(got, "smartbox mdata-get", "mdata-get")
			if strings.TrimSpace(got) != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestCompletion_otherShellsAreRefused(t *testing.T) {
	env, out := testEnv()
	if code := completion(env, []string{"tcsh"}); code != cli.ExitUsage || !strings.Contains(out.String(), "tcsh") {
		t.Errorf("exit %d: %s", code, out)
	}
}

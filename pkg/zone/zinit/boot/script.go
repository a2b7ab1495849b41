package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/zone/zinit"
)

// runIfThere runs an executable file, its output going to a log of that name.
func runIfThere(ctx context.Context, file, name string) error {
	st, err := os.Stat(file)
	if errors.Is(err, os.ErrNotExist) || err == nil && (!st.Mode().IsRegular() || st.Mode()&0o111 == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(logDir, name+".log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	err = execute(ctx, file, log)
	if err != nil {
		return fmt.Errorf("%s: %w; see %s", file, err, log.Name())
	}
	return nil
}

func execute(ctx context.Context, file string, log io.Writer) error {
	fmt.Fprintf(log, "[ %s starting %s ]\n", stamp(), file)
	err := command(ctx, log, file).Run()
	if errors.Is(err, unix.ENOEXEC) || errors.Is(err, unix.EACCES) { // no "#!", or no exec here
		err = command(ctx, log, "/bin/sh", file).Run()
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	how := "ended"
	if err != nil {
		how = "failed: " + err.Error()
	}
	fmt.Fprintf(log, "[ %s %s ]\n", stamp(), how)
	return err
}

func command(ctx context.Context, log io.Writer, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = zinit.Home(), zinit.Environ()
	cmd.Stdout, cmd.Stderr = log, log
	// What a script started goes with it when its time is up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	return cmd
}

func stamp() string { return time.Now().UTC().Format(time.RFC3339) }

// authorize adds the keys that are not there yet.
func authorize(dir, keys string) error {
	file := filepath.Join(dir, "authorized_keys")
	have, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text := string(have)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	known := map[string]bool{}
	for line := range strings.Lines(text) {
		known[strings.TrimSpace(line)] = true
	}
	old := text
	for line := range strings.Lines(keys) {
		if line = strings.TrimSpace(line); line != "" && !known[line] {
			text += line + "\n"
		}
	}
	if text == old {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return replace(file, text, 0o600)
}

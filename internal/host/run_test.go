package host

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRun(t *testing.T) {
	well := new(Program)
	well.Step("nothing")
	well.Call(unix.SYS_EXIT_GROUP, 0)
	if err := well.Run(); err != nil {
		t.Errorf("a program without failures: %v", err)
	}

	ill := new(Program)
	ill.Step("enter the void")
	ill.Call(unix.SYS_CHDIR, ill.String("/no/such/place"))
	ill.Call(unix.SYS_EXIT_GROUP, 0)
	if err := ill.Run(); !errors.Is(err, unix.ENOENT) || !strings.Contains(err.Error(), "enter the void") {
		t.Errorf("a failed step: %v", err)
	}

	killed := new(Program)
	killed.Step("die")
	killed.Call(unix.SYS_GETPID).Save()
	killed.Call(unix.SYS_KILL, 0, uintptr(unix.SIGKILL)).Saved(0)
	killed.Call(unix.SYS_EXIT_GROUP, 0)
	if err := killed.Run(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("a killed child: %v", err)
	}
}

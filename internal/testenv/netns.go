package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// netnsMark tells the second run of a test binary from the first.
const netnsMark = "SMARTBOX_TEST_NETNS"

// NetnsMain is for TestMain: as root it runs all tests of a package in a
// process in a network namespace of its own, so that the host's links are safe
// from them. Its exit code is for os.Exit.
func NetnsMain(m *testing.M) int {
	if os.Geteuid() != 0 || os.Getenv(netnsMark) != "" {
		return m.Run()
	}
	again := exec.Command("/proc/self/exe", os.Args[1:]...)
	again.Env = append(os.Environ(), netnsMark+"=1")
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: unix.SIGKILL}
	if err := again.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "tests in a network namespace:", err)
		return max(1, again.ProcessState.ExitCode())
	}
	return 0
}

// Netns is a new network namespace, gone when the test ends.
func Netns(t testing.TB) *os.File {
	t.Helper()
	RequireRoot(t)
	made := make(chan error)
	var ns *os.File
	go func() {
		runtime.LockOSThread() // thrown away with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			ns, err = os.Open("/proc/thread-self/ns/net")
		}
		made <- err
	}()
	if err := <-made; err != nil {
		t.Fatalf("make a network namespace: %v", err)
	}
	t.Cleanup(func() { ns.Close() })
	return ns
}

// NetnsCommand is a command that will run in ns.
func NetnsCommand(ns *os.File, argv ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{"--net=/proc/self/fd/3", "--"}, argv...)...)
	cmd.ExtraFiles = []*os.File{ns}
	return cmd
}

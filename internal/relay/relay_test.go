package relay

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// filter runs a command with pipes of ours and relays between it and the two
// files.
func filter(t *testing.T, in, out *os.File, argv ...string) error {
	t.Helper()
	pipe := func() (r, w int) {
		var p [2]int
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		return p[0], p[1]
	}
	inR, inW := pipe()
	outR, outW := pipe()
	unix.SetNonblock(inW, true)
	unix.SetNonblock(outR, true)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout = os.NewFile(uintptr(inR), "in"), os.NewFile(uintptr(outW), "out")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin.(*os.File).Close()
	cmd.Stdout.(*os.File).Close()
	pidfd, err := unix.PidfdOpen(cmd.Process.Pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pidfd)
	to := -1
	if out != nil {
		to = int(out.Fd())
	}
	err = Run(pidfd, []*Flow{{From: int(in.Fd()), To: inW, Input: true}, {From: outR, To: to}})
	if err != nil {
		t.Fatal(err)
	}
	return cmd.Wait()
}

func file(t *testing.T, data []byte) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func random(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRun_movesBytesAsTheyAre(t *testing.T) {
	data := random(t, 5<<20)
	for _, flags := range []int{os.O_RDWR, os.O_RDWR | os.O_APPEND} {
		out, err := os.OpenFile(filepath.Join(t.TempDir(), "out"), flags|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		if err := filter(t, file(t, data), out, "cat"); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(out.Name())
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("flags %#x: %d bytes of %d, %v", flags, len(got), len(data), err)
		}
	}
}

func TestRun_pipesBothWays(t *testing.T) {
	data := random(t, 5<<20)
	inR, inW, _ := os.Pipe()
	outR, outW, _ := os.Pipe()
	defer inR.Close()
	go func() {
		inW.Write(data)
		inW.Close()
	}()
	got := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(outR)
		got <- b
	}()
	if err := filter(t, inR, outW, "cat"); err != nil {
		t.Fatal(err)
	}
	outW.Close()
	if b := <-got; !bytes.Equal(b, data) {
		t.Errorf("%d bytes of %d came back", len(b), len(data))
	}
}

func TestRun_tellsTheProducerOfABrokenPipe(t *testing.T) {
	r, w, _ := os.Pipe()
	defer w.Close()
	go func() {
		io.ReadFull(r, make([]byte, 10))
		r.Close()
	}()
	err := filter(t, file(t, nil), w, "yes")
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.String() != "signal: broken pipe" {
		t.Errorf("yes: %v", err)
	}
}

func TestRun_doesNotWaitForInput(t *testing.T) {
	r, w, _ := os.Pipe()
	defer r.Close()
	defer w.Close() // stays open: the input never ends
	if err := filter(t, r, nil, "true"); err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("x"))
	if err := filter(t, r, nil, "true"); err != nil {
		t.Fatal(err)
	}
}

func TestRun_doesNotWaitForTheHeirsOfThePipe(t *testing.T) {
	began := time.Now()
	r, w, _ := os.Pipe()
	if err := filter(t, file(t, nil), w, "sh", "-c", "sleep 5 & echo said"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if said, _ := io.ReadAll(r); string(said) != "said\n" || time.Since(began) > 4*time.Second {
		t.Errorf("%q after %v", said, time.Since(began))
	}
}

func TestRun_slowReaderLosesNothing(t *testing.T) {
	data := random(t, 1<<20)
	r, w, _ := os.Pipe()
	got := make(chan []byte)
	go func() {
		var all []byte
		buf := make([]byte, 40000)
		for {
			n, err := r.Read(buf)
			all = append(all, buf[:n]...)
			if err != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		got <- all
	}()
	if err := filter(t, file(t, data), w, "cat"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if b := <-got; !bytes.Equal(b, data) {
		t.Errorf("%d bytes of %d came", len(b), len(data))
	}
}

package platform

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	qemu = "qemu-system-x86_64"
	ovmf = "/usr/share/OVMF/OVMF_"
	// Without checks that fail on a loaded host.
	words = "no_timer_check mitigations=off cryptomgr.notests=1"
	line  = "console=ttyS0 quiet panic=-1 " + words
)

// all reports whether everything is to be run, which takes long without KVM.
func all() bool { return os.Getenv("SMARTBOX_TEST_GUEST") == "all" }

// machine is a virtual machine and what its serial console said.
type machine struct {
	t     testing.TB
	cmd   *exec.Cmd
	input io.Writer

	mu   sync.Mutex
	said bytes.Buffer
	at   int // up to where it was read
	gone chan struct{}
}

// boot starts a machine with the pool on a disk; it ends with the test.
func boot(t testing.TB, pool string, args ...string) *machine {
	t.Helper()
	accel := []string{"-accel", "tcg,thread=multi", "-cpu", "max"}
	if f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err == nil {
		f.Close()
		accel = []string{"-accel", "kvm", "-cpu", "host"}
	}
	args = append(append(accel, "-smp", "2", "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio",
		"-drive", "file="+pool+",if=virtio,format=raw,cache=unsafe"), args...)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	m := &machine{t: t, cmd: exec.CommandContext(ctx, qemu, args...), gone: make(chan struct{})}
	m.cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	m.cmd.Stdout, m.cmd.Stderr = m, m
	input, err := m.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	m.input = input
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		m.cmd.Wait() //nolint:errcheck // how it ended shows on the console
		close(m.gone)
	}()
	t.Cleanup(func() {
		cancel()
		<-m.gone
	})
	return m
}

func (m *machine) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.said.Write(p)
}

// wait waits for a pattern after what was read before, and returns what came
// up to its end.
func (m *machine) wait(pattern string) string {
	m.t.Helper()
	want := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(4 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		m.mu.Lock()
		rest := m.said.Bytes()[m.at:]
		if found := want.FindIndex(rest); found != nil {
			text := string(rest[:found[1]])
			m.at += found[1]
			m.mu.Unlock()
			return text
		}
		m.mu.Unlock()
		select {
		case <-m.gone:
			m.fail(pattern, "the machine ended")
		default:
		}
	}
	m.fail(pattern, "too late")
	return ""
}

func (m *machine) fail(pattern, why string) {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	text := m.said.String()
	m.t.Fatalf("no %q: %s; the console's end:\n%s", pattern, why, text[max(0, len(text)-4000):])
}

func (m *machine) send(text string) {
	m.t.Helper()
	time.Sleep(300 * time.Millisecond) // a program that asks may flush what came before
	if _, err := io.WriteString(m.input, text+"\n"); err != nil {
		m.t.Fatal(err)
	}
}

// login logs root in.
func (m *machine) login(password string) {
	m.t.Helper()
	m.wait("login: ")
	m.send("root")
	if password != "" {
		m.wait("Password: ")
		m.send(password)
	}
	m.wait("# ")
	m.send("stty cols 500") // the shell breaks long lines
	m.wait("# ")
}

// run runs a command and returns what it printed.
func (m *machine) run(command string) string {
	m.t.Helper()
	m.send(command + "; echo END-$?-OF")
	out := m.wait(`END-[0-9]+-OF`)
	_, out, _ = strings.Cut(strings.ReplaceAll(out, "\r", ""), "-OF\n")
	m.wait("# ")
	return out
}

// cpu is the seconds of processor time that the machine used so far.
func (m *machine) cpu() float64 {
	m.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.cmd.Process.Pid))
	if err != nil {
		m.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	var ticks float64
	for _, word := range strings.Fields(rest)[11:13] { // of the user and of the system
		n, err := strconv.ParseFloat(word, 64)
		if err != nil {
			m.t.Fatal(err)
		}
		ticks += n
	}
	return ticks / 100
}

// off switches the machine off in order.
func (m *machine) off() {
	m.t.Helper()
	m.send("poweroff")
	select {
	case <-m.gone:
	case <-time.After(2 * time.Minute):
		m.fail("power off", "it stays on")
	}
}

// smartbox is the binary under test.
var smartbox = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "platform")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "smartbox")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -buildid=", "-o", bin, "../..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	return bin, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if bin, err := smartbox(); code >= 0 && err == nil {
		os.RemoveAll(filepath.Dir(bin))
	}
	os.Exit(code)
}

// tool runs smartbox.
func tool(t testing.TB, args ...string) string {
	t.Helper()
	bin, err := smartbox()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(bin, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("smartbox %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// image builds one into dir/name.
func image(t testing.TB, dir, stamp string, more ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("boots a machine: not with -short")
	}
	for _, program := range []string{qemu, "busybox", "mkfs.btrfs"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs %s: %v", program, err)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	kernels, err := filepath.Glob(filepath.Join(cache, "smartbox", "kernels", "linux-image-*-cloud-*.deb"))
	if err != nil || len(kernels) == 0 {
		t.Skip("needs a kernel package: scripts/kernel.sh cloud fetches one")
	}
	key := filepath.Join(dir, "test.key")
	if _, err := os.Stat(key); err != nil {
		tool(t, "platform", "keygen", key)
	}
	out := filepath.Join(dir, stamp)
	tool(t, append(append([]string{"platform", "build", "-k", kernels[len(kernels)-1], "-K", key, "-s", stamp}, more...), out)...)
	return out
}

// answers is a file of them.
func answers(t testing.TB, dir string) string {
	t.Helper()
	return write(t, filepath.Join(dir, "answers.json"), `{"hostname": "box1", "root_password": "secret"}`)
}

func write(t testing.TB, name, content string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// disk is an empty one for a pool.
func disk(t testing.TB, dir string) string {
	t.Helper()
	name := write(t, filepath.Join(dir, "pool.img"), "")
	if err := os.Truncate(name, 8<<30); err != nil {
		t.Fatal(err)
	}
	return name
}

// direct boots an image without firmware's help.
func direct(img string, memory string) []string {
	return []string{
		"-m", memory, "-kernel", img + "/vmlinuz", "-initrd", img + "/initramfs.zst", "-append", line,
		"-netdev", "user,id=n", "-device", "virtio-net-pci,netdev=n,romfile=",
	}
}

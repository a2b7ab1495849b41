package testguest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/platform/guestjob"
)

const qemu = "qemu-system-x86_64"

// machine is one run of QEMU.
type machine struct {
	dir     string // of its files, removed by the caller
	console string
	cmd     *exec.Cmd
	results *net.UnixListener
}

// accelerator is KVM where this user may use it.
func accelerator() []string {
	if f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err == nil {
		f.Close()
		return []string{"-accel", "kvm", "-cpu", "host"}
	}
	return []string{"-accel", "tcg,thread=multi", "-cpu", "max"}
}

// commandLine is the kernel's: no checks that fail on a loaded host.
const commandLine = "console=ttyS0 quiet panic=-1 no_timer_check tsc=unstable cryptomgr.notests=1 mitigations=off random.trust_cpu=on"

func newMachine(ctx context.Context, dir, kernelImage, initrd string, o Options) (*machine, error) {
	m := &machine{dir: dir, console: filepath.Join(dir, "console")}
	socket := filepath.Join(dir, "results")
	var err error
	if m.results, err = net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"}); err != nil {
		return nil, err
	}
	args := append(accelerator(), "-smp", strconv.Itoa(o.CPUs), "-m", strconv.Itoa(o.Memory),
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-serial", "file:"+m.console,
		"-kernel", kernelImage, "-initrd", initrd, "-append", strings.TrimSpace(commandLine+" "+o.Append),
		"-device", "virtio-rng-pci",
		"-device", "virtio-serial-pci", "-chardev", "socket,id=results,path="+socket,
		"-device", "virtserialport,chardev=results,name="+guestjob.Port)
	disks := o.Disks
	if o.Scratch > 0 { // the last, so that it takes no name of theirs
		disks = append(slices.Clone(disks), o.Scratch)
	}
	for i, size := range disks {
		disk := filepath.Join(dir, fmt.Sprintf("disk%d", i))
		if err := sparse(disk, size); err != nil {
			return nil, err
		}
		args = append(args, "-drive", "if=virtio,format=raw,cache=unsafe,file="+disk)
	}
	for i := range o.NICs {
		args = append(args, "-netdev", fmt.Sprintf("user,id=n%d,restrict=on", i), "-device", fmt.Sprintf("virtio-net-pci,netdev=n%d", i))
	}
	m.cmd = exec.CommandContext(ctx, qemu, args...)
	m.cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	m.cmd.WaitDelay = 5 * time.Second
	return m, nil
}

func sparse(name string, size int64) error {
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		return err
	}
	return os.Truncate(name, size)
}

// run boots, hands every event on, and says whether the job came to its end.
func (m *machine) run(do func(guestjob.Event)) (ended bool, err error) {
	defer m.results.Close()
	var stderr strings.Builder
	m.cmd.Stderr = &stderr
	if err := m.cmd.Start(); err != nil {
		return false, err
	}
	received := make(chan error, 1)
	go func() {
		received <- m.receive(func(e guestjob.Event) {
			ended = ended || e.Kind == guestjob.End
			do(e)
		})
	}()
	err = m.cmd.Wait()
	m.results.SetDeadline(time.Now()) //nolint:errcheck // only ends a wait for a connection that never came
	if r := <-received; err == nil {
		err = r
	}
	if err != nil && stderr.Len() > 0 {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return ended, err
}

func (m *machine) receive(do func(guestjob.Event)) error {
	conn, err := m.results.Accept()
	if err != nil {
		return fmt.Errorf("qemu did not open the port of results: %w", err)
	}
	defer conn.Close()
	if _, err := guestjob.Receive(conn, do); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn) // what it says while it ends
	return err
}

// lastWords is the end of the console.
func (m *machine) lastWords() string {
	log, err := os.ReadFile(m.console)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}

package pid1

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/pkg/platform/guestjob"
	"github.com/smartbox-os/smartbox/pkg/platform/kmod"
)

// IsGuest reports whether this system is a test guest.
func IsGuest() bool {
	_, err := os.Stat(guestjob.File)
	return err == nil
}

// Guest does a test guest's job: it is the worker there.
func Guest() error {
	var job guestjob.Job
	content, err := os.ReadFile(guestjob.File)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, &job); err != nil {
		return fmt.Errorf("job: %w", err)
	}
	loader, err := kmod.Open()
	if err != nil {
		return err
	}
	// Devices that fail to load their module are missed by the tests that need them.
	if err := loader.Coldplug(); err != nil {
		say("%v", err)
	}
	port, err := openPort(guestjob.Port)
	if err != nil {
		return err
	}
	defer port.Close()
	out := guestjob.NewSender(port)
	why := ""
	if err := errors.Join(prepareGuest(loader, job), runAll(out, job.Tests)); err != nil {
		why = err.Error()
	}
	return out.Send(guestjob.Event{Kind: guestjob.End, Text: why})
}

func prepareGuest(loader *kmod.Loader, job guestjob.Job) error {
	if err := loader.Load(job.Modules...); err != nil {
		return err
	}
	if err := loader.MakeNodes("/dev"); err != nil {
		return err
	}
	if err := MountCgroups(job.Hybrid); err != nil {
		return err
	}
	if job.Scratch {
		if err := mountScratch(); err != nil {
			return err
		}
	}
	if err := os.WriteFile(guestjob.Mark, nil, 0o644); err != nil {
		return err
	}
	if err := LinkUp("lo"); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte("guest")); err != nil {
		return err
	}
	return nil
}

// mountScratch makes a file system on the last disk and mounts it on /tmp.
func mountScratch() error {
	disks, err := filepath.Glob("/dev/vd?")
	if err != nil {
		return err
	}
	if len(disks) == 0 {
		return errors.New("there is no disk for /tmp")
	}
	disk := disks[len(disks)-1]
	if out, err := exec.Command("mkfs.btrfs", "-q", "-f", disk).CombinedOutput(); err != nil {
		return fmt.Errorf("mkfs.btrfs %s: %w: %s", disk, err, out)
	}
	if err := unix.Mount(disk, "/tmp", "btrfs", unix.MS_NOATIME, ""); err != nil {
		return fmt.Errorf("mount %s: %w", disk, err)
	}
	return os.Chmod("/tmp", 0o777|os.ModeSticky)
}

func runAll(out *guestjob.Sender, tests []guestjob.Test) error {
	for _, t := range tests {
		if err := out.Send(guestjob.Event{Kind: guestjob.Run, Name: t.Name}); err != nil {
			return err
		}
		began := time.Now()
		code := runTest(out, t)
		e := guestjob.Event{Kind: guestjob.Exit, Name: t.Name, Code: code, Seconds: time.Since(began).Seconds()}
		if err := out.Send(e); err != nil {
			return err
		}
	}
	return nil
}

// runTest runs one program and returns its exit code.
func runTest(out *guestjob.Sender, t guestjob.Test) int {
	cmd := exec.Command(t.Argv[0], t.Argv[1:]...)
	cmd.Dir = t.Dir
	cmd.Env = append(os.Environ(), t.Env...)
	w := &outputs{out: out, name: t.Name}
	cmd.Stdout, cmd.Stderr = w, w
	// What it left running must not hold the job up.
	cmd.WaitDelay = 2 * time.Second
	err := cmd.Run()
	if cmd.ProcessState == nil {
		fmt.Fprintf(w, "%v\n", err)
		return 127
	}
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code
	}
	fmt.Fprintf(w, "%s: %v\n", t.Name, cmd.ProcessState)
	return 128
}

// outputs sends what is written to it as events.
type outputs struct {
	out  *guestjob.Sender
	name string
}

func (o *outputs) Write(p []byte) (int, error) {
	err := o.out.Send(guestjob.Event{Kind: guestjob.Output, Name: o.name, Text: string(p)})
	return len(p), err
}

// openPort opens the virtio port of a name; it appears soon after its driver.
func openPort(name string) (*os.File, error) {
	for range 500 {
		names, err := filepath.Glob("/sys/class/virtio-ports/*/name")
		if err != nil {
			return nil, err
		}
		for _, file := range names {
			if is, err := os.ReadFile(file); err != nil || strings.TrimSpace(string(is)) != name {
				continue
			}
			dev := filepath.Join("/dev", filepath.Base(filepath.Dir(file)))
			if f, err := os.OpenFile(dev, os.O_RDWR, 0); err == nil {
				return f, nil
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, fmt.Errorf("there is no virtio port %s", name)
}

// LinkUp brings a network device up.
func LinkUp(name string) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	req, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(s, unix.SIOCGIFFLAGS, req); err != nil {
		return fmt.Errorf("link %s: %w", name, err)
	}
	req.SetUint16(req.Uint16() | unix.IFF_UP)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, req); err != nil {
		return fmt.Errorf("link %s: %w", name, err)
	}
	return nil
}

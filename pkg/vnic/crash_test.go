package vnic

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
)

const crashRoot = "SMARTBOX_TEST_CRASH_ROOT"

// crashNICs are on an etherstub, on a VLAN of it, and on a tag's switch.
func crashNICs() []NIC {
	vlan, tag := nic("stub0", "10.8.0.1/24"), nic("ext", "10.7.0.1/24")
	vlan.Name, vlan.VLAN, vlan.Primary = "net1", 7, false
	tag.Name, tag.Primary = "net2", false
	return []NIC{nic("stub0", "10.9.0.1/24"), vlan, tag}
}

// crashLoop attaches and detaches until it is killed.
func crashLoop(root paths.Root) {
	h := New(root, slog.New(slog.DiscardHandler))
	netns := os.NewFile(3, "netns")
	fmt.Println("go")
	for {
		if _, err := h.Attach(context.Background(), "z", netns, crashNICs(), nil); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if err := h.Detach(context.Background(), "z"); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

// Whenever whoever attaches or detaches is killed, Detach leaves nothing.
func TestDetach_afterAKillAtAnyPoint(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	near, _ := cable(t, "ext0")
	must(t, h.AddTag(context.Background(), "ext", TagSpec{MAC: near.Attrs().HardwareAddr}))
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	before := countLinks(t)
	for range rounds {
		killAttacher(t, h.root)
		must(t, h.Detach(context.Background(), "z"))
		if after := countLinks(t); after != before {
			t.Fatalf("%d links left behind", after-before)
		}
		checkTables(t, h, h.zoneTable("z"))
	}
}

func killAttacher(t *testing.T, root paths.Root) {
	ns := testenv.Netns(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), crashRoot+"="+string(root))
	cmd.ExtraFiles = []*os.File{ns}
	runtime.LockOSThread() // the signal comes when this thread ends
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	ready := make([]byte, 3)
	if _, err := io.ReadFull(out, ready); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(rand.IntN(150_000)) * time.Microsecond)
	must(t, cmd.Process.Kill())
	said, _ := io.ReadAll(out)
	_ = cmd.Wait()
	if len(said) > 0 {
		t.Fatalf("%s", said)
	}
	ns.Close()
}

func countLinks(t *testing.T) int {
	all, err := net.Interfaces()
	must(t, err)
	return len(all)
}

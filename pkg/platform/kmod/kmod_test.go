package kmod

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// kernelOf is a directory of modules a system may have: pool needs tree, and
// would like crc-fast before crc; disk comes on bus.
func kernelOf(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"modules.dep": "kernel/tree.ko:\nkernel/pool.ko: kernel/tree.ko\nkernel/crc_fast.ko:\nkernel/crc.ko:\n" +
			"kernel/bus.ko:\nkernel/disk.ko: kernel/bus.ko\nkernel/vm.ko:\n",
		"modules.alias": "alias fs-pool pool\nalias crypto-crc crc_fast\nalias crypto-crc crc\n" +
			"alias pci:v00001AF4d*sv* bus\nalias virtio:d00000002v* disk\nalias cpu:type:*:feature:*0099* vm\n",
		"modules.softdep": "softdep pool pre: crypto-crc\n",
		"modules.devname": "vm kvm c10:232\nmangled\n",
		"modules.builtin": "kernel/fs/ext4.ko\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inserter stands for the kernel, which refuses some modules.
type inserter struct {
	mu      sync.Mutex
	order   []string
	refused map[string]error
	pause   time.Duration
	now     int
	most    int
}

func (i *inserter) insert(file string) error {
	name := strings.TrimSuffix(filepath.Base(file), ".ko")
	i.mu.Lock()
	i.now++
	i.most = max(i.most, i.now)
	i.mu.Unlock()
	time.Sleep(i.pause)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.now--
	i.order = append(i.order, name)
	return i.refused[name]
}

func loader(t testing.TB, i *inserter) *Loader {
	t.Helper()
	l, err := open(kernelOf(t), i.insert)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLoad_order(t *testing.T) {
	i := &inserter{}
	l := loader(t, i)
	if err := l.Load("fs-pool", "ext4", "nosuch?"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(i.order, " "); got != "crc_fast crc tree pool" {
		t.Errorf("order: %s", got)
	}
	if err := l.Load("pool", "tree"); err != nil || len(i.order) != 4 {
		t.Errorf("loaded twice: %v, %v", i.order, err)
	}
	if err := l.Load("nosuch"); err == nil || !strings.Contains(err.Error(), "has no nosuch") {
		t.Error(err)
	}
}

// A processor without a feature refuses the module that uses it; what would
// have liked it does without.
func TestLoad_softDependencyRefused(t *testing.T) {
	i := &inserter{refused: map[string]error{"crc_fast": unix.ENODEV}}
	l := loader(t, i)
	if err := l.Load("pool"); err != nil {
		t.Errorf("a soft dependency stops it: %v", err)
	}
	if err := l.Load("crypto-crc"); err != nil {
		t.Errorf("one of two is enough: %v", err)
	}
	if err := l.Load("crc_fast"); !errors.Is(err, unix.ENODEV) {
		t.Errorf("asked for by name: %v", err)
	}
}

func TestLoad_dependencyRefused(t *testing.T) {
	i := &inserter{refused: map[string]error{"tree": unix.ENOMEM}}
	err := loader(t, i).Load("pool")
	if !errors.Is(err, unix.ENOMEM) || !strings.Contains(err.Error(), "module pool: needs module tree") {
		t.Error(err)
	}
	if slices.Contains(i.order, "pool") {
		t.Error("pool was tried without what it needs")
	}
}

// Many ask at once: each module goes in once, needs first, and the others wait.
func TestLoad_concurrently(t *testing.T) {
	i := &inserter{pause: time.Millisecond}
	l := loader(t, i)
	var wg sync.WaitGroup
	for range 20 {
		for _, name := range []string{"pool", "disk", "tree", "vm"} {
			wg.Go(func() {
				if err := l.Load(name); err != nil {
					t.Error(err)
				}
				i.mu.Lock()
				defer i.mu.Unlock()
				if !slices.Contains(i.order, name) {
					t.Errorf("%s: Load came back before it was in", name)
				}
			})
		}
	}
	wg.Wait()
	if len(i.order) != 7 || slices.Index(i.order, "tree") > slices.Index(i.order, "pool") || slices.Index(i.order, "bus") > slices.Index(i.order, "disk") {
		t.Errorf("order: %v", i.order)
	}
}

func TestOpen_noModules(t *testing.T) {
	l, err := open(t.TempDir(), nil)
	if err != nil || len(l.Names()) != 0 || l.MakeNodes(t.TempDir()) != nil {
		t.Fatal(err)
	}
	if err := l.Load("x?"); err != nil {
		t.Error(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "modules.dep"), []byte("no colon\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := open(dir, nil); err == nil || !strings.Contains(err.Error(), "no colon") {
		t.Error(err)
	}
}

func TestMakeNodes(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: makes device nodes")
	}
	dev := t.TempDir()
	l := loader(t, &inserter{})
	for range 2 { // again is no error
		if err := l.MakeNodes(dev); err != nil {
			t.Fatal(err)
		}
	}
	var st unix.Stat_t
	if err := unix.Stat(filepath.Join(dev, "kvm"), &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR || st.Rdev != unix.Mkdev(10, 232) {
		t.Errorf("%+v, %v", st, err)
	}
}

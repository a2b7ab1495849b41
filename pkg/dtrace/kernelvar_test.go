package dtrace

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/dtrace/consume"
)

// TestAddresses writes addresses as the originals' subroutines do.
func TestAddresses(t *testing.T) {
	testenv.RequireRoot(t)
	for words, want := range map[string]string{
		"0 0 0 1": "::1", "0 0 0 0": "::", "0x20010db8 0 0 1": "2001:db8::1", "0xfe800000 0 0 0": "fe80::",
		"0x20010db8 0x00010002 0x00030004 0x00050006": "2001:db8:1:2:3:4:5:6",
		"0x00010000 0x00020003 0x00000000 0x00000004": "1:0:2:3::4", "0x00010000 0x00020000 0x00030000 0x00040000": "1:0:2:0:3:0:4:0",
		"0xffffffff 0xffffffff 0xffffffff 0xffffffff": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	} {
		var set strings.Builder
		for i, w := range strings.Fields(words) {
			fmt.Fprintf(&set, "this->a[%d] = htonl(%s); ", i, w)
		}
		text := `BEGIN { this->a = (uint32_t *)alloca(16); ` + set.String() + `printf("%s|%s", inet_ntoa6(this->a), inet_ntop(AF_INET6, this->a)); exit(0) }`
		if got, errs := run(t, text, consume.Options{Quiet: true}); got != want+"|"+want || errs != "" {
			t.Errorf("%s: got %q and %q, want %q", words, got, errs, want)
		}
	}
	for word, want := range map[string]string{"0": "0.0.0.0", "0x7f000001": "127.0.0.1", "0xffffffff": "255.255.255.255", "0x0a640909": "10.100.9.9"} {
		text := `BEGIN { this->a = (uint32_t *)alloca(4); *this->a = htonl(` + word + `); printf("%s", inet_ntoa(this->a)); exit(0) }`
		if got, errs := run(t, text, consume.Options{Quiet: true}); got != want || errs != "" {
			t.Errorf("%s: got %q and %q, want %q", word, got, errs, want)
		}
	}
}

// TestPaths names files and directories by their whole paths.
func TestPaths(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, strings.Repeat("d/", 30))
	name := filepath.Join(dir, "file")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	read := func(f *os.File) func(*testing.T) func() {
		return func(*testing.T) func() { return func() { unix.Pread(int(f.Fd()), make([]byte, 1), 7) } }
	}
	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	at := "syscall::pread64:entry /pid == $pid && arg0 == "
	runAll(t, []providerTest{
		{"path", at + fmt.Sprint(f.Fd()) + `/ { printf("%s %s %s", fds[arg0].fi_pathname, fds[arg0].fi_name, fds[arg0].fi_dirname); exit(0) }`, name + " file " + dir, read(f)},
		{"mount", at + fmt.Sprint(null.Fd()) + `/ { printf("%s %d", fds[arg0].fi_pathname, fds[arg0].fi_oflags & O_ACCMODE); exit(0) }`, "/dev/null 0", read(null)},
		{"none", `syscall::pread64:entry /pid == $pid/ { printf("%s", fds[9999].fi_name); exit(0) }`, "<none>", read(f)},
		{"cwd", `proc:::exec-success /ppid == $pid/ { printf("%s %s", cwd, root); exit(0) }`, deep[:len(deep)-1][:0] + ".*/d/d /", func(t *testing.T) func() {
			return func() {
				c := exec.Command("true")
				c.Dir = deep
				if err := c.Run(); err != nil {
					t.Error(err)
				}
			}
		}},
		{"args", `proc:::exec-success /ppid == $pid/ { printf("[%s] [%s]", execargs, curpsinfo->pr_psargs); exit(0) }`, `\[echo one  two \] \[echo one  two \]`, func(t *testing.T) func() {
			return func() {
				if err := exec.Command("echo", "one", "", "two", "").Run(); err != nil {
					t.Error(err)
				}
			}
		}},
	})
}

// TestRegisters compares registers with what the system call's arguments say.
func TestRegisters(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the names are those of x86-64")
	}
	runAll(t, []providerTest{
		{"args", `syscall::getpriority:entry /pid == $pid/ { printf("%d %d %d", uregs[R_RDI] == arg0, uregs[R_ESI] == 12345, uregs[R_PC] == ucaller || 1); exit(0) }`, "1 1 1", func(*testing.T) func() {
			return func() { unix.RawSyscall(unix.SYS_GETPRIORITY, 0, 12345, 0) }
		}},
		{"depth", `syscall::getpriority:entry /pid == $pid/ { printf("%d %d %d", ustackdepth > 2, stackdepth > 0 && stackdepth < 9, ucaller != 0); exit(0) }`, "1 1 1", func(*testing.T) func() {
			return func() { unix.Getpriority(0, 0) }
		}},
	})
	for _, text := range []string{"BEGIN { trace(uregs[99]) }", "BEGIN { x = 1; trace(uregs[x]) }", "BEGIN { trace(d_path(curthread)) }"} {
		if _, err := compile(t, text); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}

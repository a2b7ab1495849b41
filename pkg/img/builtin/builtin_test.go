package builtin

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/img/archive"
)

// A changed sum means changed content: once it is released, give the image a new
// uuid and version, then write the new sum here.
const sum = "26b8180b50fb87213568bf4565f69f61f210de8464208bd5ddd44ae6062c948a"

func TestBase_isTheSameBytesEverywhere(t *testing.T) {
	images, err := Images()
	if err != nil {
		t.Fatal(err)
	}
	m := images[0]
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	f, _ := m.File()
	if f.SHA256 != sum || m.UUID != BaseUUID || !m.Active() {
		t.Errorf("base is %s %s, want %s", m.UUID, f.SHA256, sum)
	}
	if _, ok, err := Open("00000000-0000-0000-0000-000000000000"); ok || err != nil {
		t.Errorf("an image that is not there: %v, %v", ok, err)
	}
}

func unpackBase(t *testing.T) string {
	t.Helper()
	testenv.RequireRoot(t)
	file, ok, err := Open(BaseUUID)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	defer file.Close()
	c, err := archive.Open(file, archive.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	root := filepath.Join(t.TempDir(), "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	r, err := archive.Unpack(t.Context(), c, root, archive.DefaultLimits())
	if err != nil || len(r.Notes) != 0 {
		t.Fatal(r, err)
	}
	return root
}

// inBase runs a command in base with the host's /usr, in namespaces that end
// with it.
func inBase(t *testing.T, root, command string) string {
	t.Helper()
	testenv.RequireCommand(t, "unshare", "chroot", "mount")
	script := `set -e
mount --bind -o ro /usr "$1/usr"; mount -t proc proc "$1/proc"; mount -t tmpfs tmpfs "$1/run"; mount -t tmpfs tmpfs "$1/dev"
mknod -m 666 "$1/dev/null" c 1 3
exec env -i PATH=/usr/sbin:/usr/bin chroot "$1" /bin/sh -c "$2"`
	out, err := exec.CommandContext(t.Context(), "unshare", "-m", "-p", "-f", "-u", "-i", "-n", "--kill-child",
		"sh", "-c", script, "sh", root, command).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestBase_rootLogsInWithTheHostsPrograms(t *testing.T) {
	if target, err := os.Readlink("/bin"); err != nil || target != "usr/bin" {
		t.Skip("needs a host whose /bin is /usr/bin")
	}
	root := unpackBase(t)
	for command, want := range map[string]string{
		"su - root -c 'id -un; pwd; echo $PATH' </dev/null":  "root\n/root\n/opt/local/sbin:",
		"su - -s /bin/sh nobody -c 'id -un' </dev/null":      "nobody",
		"login -f root </dev/null 2>&1 | head -1; echo end":  "end",
		"stat -c '%a %U %G' /etc/shadow /tmp /var/tmp /root": "640 root shadow\n1777 root root\n1777 root root\n700 root root",
		"getent services ssh; getent passwd www-data":        "22/tcp\nwww-data:x:33:33",
	} {
		got := inBase(t, root, command)
		squeezed := strings.Join(strings.Fields(got), " ")
		if !strings.Contains(squeezed, strings.ReplaceAll(want, "\n", " ")) && !strings.Contains(got, want) {
			t.Errorf("%s\ngave %q\nwant %q", command, got, want)
		}
	}
	if got := inBase(t, root, "su nobody -s /bin/sh -c 'su root -c id </dev/null' 2>&1; true"); strings.Contains(got, "uid=0") {
		t.Errorf("nobody became root: %s", got)
	}
}

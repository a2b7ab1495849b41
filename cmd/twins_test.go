package cmd_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/testenv"
)

// twins are a pool of OpenZFS and one of ours, of the same name, to which the
// same is done by the commands of either.
type twins struct {
	*testing.T
	root string
}

// newTwins makes the pool tank twice. SMARTBOX_ROOT parts ours from the other.
func newTwins(t *testing.T) twins {
	t.Helper()
	testenv.RequireGuest(t)
	if _, err := os.Stat("/dev/zfs"); err != nil {
		t.Skipf("needs OpenZFS in the guest: %v", err)
	}
	w := twins{t, filepath.Join(t.TempDir(), "root")}
	for _, module := range []string{"loop", "btrfs"} {
		if out, err := exec.Command("modprobe", module).CombinedOutput(); err != nil {
			t.Fatalf("modprobe %s: %s", module, out)
		}
	}
	for _, name := range []string{"real.img", "ours.img"} {
		file := filepath.Join(t.TempDir(), name)
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, 1<<30)); err != nil {
			t.Fatal(err)
		}
		ours := name == "ours.img"
		if a := w.run(ours, "zpool create tank "+file); a.code != 0 {
			t.Fatal(a.stderr)
		}
		t.Cleanup(func() {
			if a := w.run(ours, "zpool destroy -f tank"); a.code != 0 {
				t.Error(a.stderr)
			}
		})
	}
	return w
}

type answer struct {
	stdout, stderr string
	code           int
}

// run calls the real program or ours by words between blanks; 'a b' is one word.
func (w twins) run(ours bool, line string) answer {
	w.Helper()
	argv := wordsOf(line)
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	program := argv[0]
	if !ours {
		program = "/sbin/" + program
	}
	cmd := exec.CommandContext(ctx, program, argv[1:]...)
	cmd.Env = append(os.Environ(), "SMARTBOX_ROOT="+w.root)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if failed := cmd.Run(); failed != nil && cmd.ProcessState == nil {
		w.Fatal(failed)
	}
	return answer{out.String(), firstOfUsage(err.String()), cmd.ProcessState.ExitCode()}
}

func wordsOf(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// firstOfUsage leaves out the help that follows a wrong call: it is our own.
func firstOfUsage(text string) string {
	before, _, _ := strings.Cut(text, "usage:")
	before, _, _ = strings.Cut(before, "Usage:")
	return strings.TrimSpace(before)
}

// numbers are sizes, times and ids, which differ.
var numbers = regexp.MustCompile(`[0-9]{4,}|\b[0-9.]+[BKMG]\b`)

func alike(a, b answer) bool {
	n := func(s string) string { return numbers.ReplaceAllString(s, "N") }
	return a.code == b.code && n(a.stdout) == n(b.stdout) && n(a.stderr) == n(b.stderr)
}

// TestTwins does the same to both and wants the same answers: text on standard
// output and standard error, and exit status.
func TestTwins(t *testing.T) {
	w := newTwins(t)
	for line := range strings.Lines(twinLines) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		real, ours := w.run(false, line), w.run(true, line)
		if !alike(real, ours) {
			t.Errorf("%s\nreal: %d\n%s%s\nours: %d\n%s%s", line, real.code, real.stdout, real.stderr, ours.code, ours.stdout, ours.stderr)
		}
	}
}

// twinLines leaves out what differs on purpose: lists of what is possible here,
// sizes, and words of the original's that say less than ours.
const twinLines = `
# making
zfs create tank/a
zfs create tank/a
zfs create tank/x/y
zfs create -p tank/x/y
zfs create -p tank/x/y
zfs create nopool/a
zfs create 'tank/b c&d'
zfs create tank//b
zfs create tank/b/
zfs create /tank/b
zfs create tank/a@s
zfs create tank/a#b
zfs create -o quota=1X tank/b
zfs create -o nosuch=1 tank/b
zfs create -o atime=maybe tank/b
zfs create -o used=1 tank/b
zfs create -o quota=1G -o quota=2G tank/b
zfs create -o quota tank/b
zfs create -o volsize=1G tank/b
zfs create -o mountpoint=relative tank/b
zfs create -o recordsize=100 tank/b
zfs create -o UPPER:case=1 tank/b
zfs create -n -v -o quota=10M tank/n
zfs create -nP -o quota=10M tank/n
zfs create
zfs create -V 10M tank/v
zfs create -s -V 10M -o volblocksize=8K tank/v2
zfs create -V 10 tank/v3
zfs create -V nosize tank/v3
zfs create -s tank/v3
zfs create -V 10M -o quota=1G tank/v3
zfs create tank/v/child
# properties
zfs get -Hpo name,property,value,source type,quota,mountpoint,mounted,compression,atime,origin tank/a
zfs get -H quota,refquota,reservation,canmount,readonly,exec,devices,setuid tank/a
zfs get -H nosuch tank/a
zfs get quota tank/nosuch
zfs get quota nopool
zfs get quota
zfs get
zfs get -Hpo value quota,atime tank/a
zfs get -Ho nosuchfield quota tank/a
zfs get -s local -Ho name,property all tank/a
zfs set quota=100M tank/a
zfs set readonly=on tank/x
zfs get -r -Ho name,value,source readonly tank/x
zfs set atime=off 'my:note=two words' tank/a
zfs get -Ho value,source quota,atime,my:note tank/a
zfs set used=1 tank/a
zfs set atime=maybe tank/a
zfs set nosuch=1 tank/a
zfs set quota=1G
zfs set quota=1G tank/nosuch
zfs set volsize=20M tank/a
zfs set quota=1G tank/v
zfs set volblocksize=16K tank/v
zfs set casesensitivity=mixed tank/a
zfs set quota=1 tank/nosuch tank/nosuch2
zfs set quota=none tank/a
zfs set quota=12ZZ tank/a
zfs set mountpoint=relative tank/a
zfs set canmount=maybe tank/a
zfs set copies=7 tank/a
zfs inherit atime tank/a
zfs inherit my:note tank/a
zfs inherit used tank/a
zfs inherit nosuch tank/a
zfs inherit quota tank/a
zfs inherit atime tank/nosuch
zfs inherit
zfs inherit -r readonly tank/x
zfs get -Ho value,source atime,my:note tank/a
# snapshots
zfs snapshot tank/a@one
zfs snapshot tank/a@one
zfs snapshot tank/a@
zfs snapshot tank/nosuch@s
zfs snapshot tank/a@b@c
zfs snapshot -r tank/x@r
zfs snapshot tank/a@m1 tank/x@m1
zfs snapshot -o my:p=1 tank/a@two
zfs snapshot
zfs list -Ht all -o name,type -r tank/x
zfs list -Hd 1 -o name tank
zfs list -Ho name tank/nosuch
zfs list -Ho name,nosuch tank
zfs list -t nosuch
zfs list -Ho name -t snapshot tank/a@one
zfs list -Ho name tank/a@one
zfs list -Ho name tank/a@nosuch
zfs list -Ho name -S name -r tank
zfs list -Ho name,creation -s name -d 0 tank
zfs list -Hro name -t filesystem,volume tank
zfs list -Ho name -t volume
zfs get -Ho name,value my:p tank/a@two
zfs set my:q=1 tank/a@two
zfs set quota=1G tank/a@two
# holds
zfs hold keep tank/a@one
zfs hold keep tank/a@one
zfs hold keep tank/a@nosuch
zfs destroy tank/a@one
zfs destroy -d tank/a@one
zfs get -Ho value defer_destroy,userrefs tank/a@one
zfs release nosuch tank/a@one
zfs release keep tank/a@one
zfs release keep tank/a@one
zfs list -Ho name tank/a@one
# bookmarks
zfs bookmark tank/a@two tank/a#mark
zfs bookmark tank/a@two tank/a#mark
zfs bookmark tank/a@two tank/x#m2
zfs bookmark tank/a#mark tank/a#copy
zfs destroy tank/a#copy
zfs destroy tank/a#copy
# clones, promotion
zfs clone tank/a@two tank/c
zfs clone tank/a@two tank/c
zfs clone tank/a@nosuch tank/c2
zfs clone tank/a tank/c2
zfs clone tank/a@two tank/no/such
zfs clone -o quota=50M tank/a@two tank/c3
zfs clone -p tank/a@two tank/deep/er/c4
zfs get -Ho value origin tank/c
zfs destroy -nv tank/c3
zfs destroy -nvp tank/c3
zfs promote tank/a
zfs promote tank/nosuch
zfs promote tank/c
zfs get -Ho value origin tank/a tank/c tank/c3
zfs promote tank/a
# ranges
zfs snapshot tank/x@s1
zfs snapshot tank/x@s2
zfs snapshot tank/x@s3
zfs snapshot tank/x@s4
zfs destroy -nv tank/x@s1%s3
zfs destroy -v tank/x@s2%s3
zfs destroy -nv tank/x@%s1
zfs destroy -nv tank/x@nosuch%s4
zfs destroy tank/x@nosuch
zfs destroy tank/x@nosuch,s1
zfs list -Ht snapshot -o name -r tank/x
zfs destroy -r tank/x@r
zfs destroy -r tank/x@r
# rollback
zfs snapshot tank/x/y@a
zfs snapshot tank/x/y@b
zfs rollback tank/x/y@a
zfs rollback -r tank/x/y@a
zfs rollback tank/x/y@nosuch
zfs rollback
# rename
zfs rename tank/x/y tank/x/z
zfs rename tank/x/nosuch tank/x/w
zfs rename tank/x/z tank/a
zfs rename tank/x tank/x/z/inside
zfs rename -p tank/x/z tank/new/place/z
zfs rename tank/new/place/z@a tank/new/place/z@c
zfs rename tank/new/place/z@c @d
zfs rename tank/new/place/z@d tank/a@d
zfs rename tank/new/place/z@nosuch @e
zfs snapshot -r tank/new@r1
zfs rename -r tank/new@r1 @r2
zfs rename -r tank/new tank/newer
zfs list -Hro name -t all tank/new
# mounts
zfs get -Ho value mounted tank/a
zfs mount tank/a
zfs mount tank/a
zfs mount tank/nosuch
zfs mount tank/v
zfs unmount tank/nosuch
zfs set canmount=off tank/a
zfs mount tank/a
zfs set canmount=on tank/a
zfs set mountpoint=none tank/a
zfs mount tank/a
zfs set mountpoint=legacy tank/a
zfs mount tank/a
zfs inherit mountpoint tank/a
# sending
zfs send tank/nosuch@x
zfs send tank/a@nosuch
zfs send -i tank/a@nosuch tank/x@s4
zfs send -i tank/a@nosuch tank/a@m1
zfs send -nv tank/a@nosuch
zfs receive -A tank/a
zfs receive
# odds
zfs nosuchverb
zfs
zfs destroy tank
zfs destroy tank/nosuch
zfs destroy
zfs destroy -r tank/new
zfs userspace -Ho type,name tank/nosuch
zfs destroy tank/v
zfs set volsize=20M tank/v2
zfs get -Hpo value volsize tank/v2
zfs set volsize=0 tank/v2
zfs set volsize=10K tank/v2
zfs destroy tank/v2
# pools
zpool list -Ho name,health
zpool list -Ho name nosuch
zpool list -Ho nosuch
zpool get -Ho value health,altroot,readonly,delegation,listsnapshots,autoexpand tank
zpool get nosuch tank
zpool get health nosuch
zpool set nosuch=1 tank
zpool set 'comment=two words' tank
zpool get -Ho value,source comment tank
zpool status -x
zpool status -x tank
zpool status nosuch
zpool destroy nosuch
zpool export nosuch
zpool import nosuch
zpool scrub nosuch
zpool clear nosuch
zpool history nosuch
zpool nosuchverb
zpool
zpool sync nosuch
`

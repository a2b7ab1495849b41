package setup

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/platform/live"
)

var twoDisks = []live.Disk{{Path: "/dev/vda", Size: 8e9}, {Path: "/dev/vdb", Size: 9e9, Empty: true, Model: "QEMU"}}

// answer types into the dialog and returns the answers as a file would have
// them.
func answer(t *testing.T, uefi bool, typed string) (got, said string, err error) {
	t.Helper()
	var out bytes.Buffer
	d := dialog{in: bufio.NewReader(strings.NewReader(typed)), out: &out, disks: twoDisks, uefi: uefi, noEcho: func() func() { return func() {} }}
	a, err := d.run()
	if err != nil {
		return "", out.String(), err
	}
	data, e := json.Marshal(a)
	if e != nil {
		t.Fatal(e)
	}
	return string(data), out.String(), nil
}

func TestDialog(t *testing.T) {
	for _, c := range []struct {
		what, typed string
		uefi        bool
		want        string
	}{
		{"Enter takes the empty disk and DHCP", "\n\n\n\nyes\n", false, `{"disks":["/dev/vdb"],"force":true,"hostname":"smartbox","admin_ip":"dhcp"}`},
		{"UEFI asks for room", "/dev/vda\n\nbox\nnone\nnone\nyes\n", true, `{"disks":["/dev/vda"],"force":true,"bootable":true,"hostname":"box","admin_ip":"none"}`},
		{
			"an address brings more questions", "\nbox\n192.0.2.3/24\n192.0.2.1\n192.0.2.2, 192.0.2.9\nsecret\nsecret\nyes\n", false,
			`{"disks":["/dev/vdb"],"force":true,"hostname":"box","root_password":"secret","admin_ip":"192.0.2.3/24","admin_gateway":"192.0.2.1","dns_resolvers":["192.0.2.2","192.0.2.9"]}`,
		},
	} {
		got, said, err := answer(t, c.uefi, c.typed)
		if err != nil || got != c.want {
			t.Errorf("%s: %s, %v\n%s", c.what, got, err, said)
		}
	}
}

// A wrong answer gets one line, and the question comes again.
func TestDialog_asksAgain(t *testing.T) {
	got, said, err := answer(t, true, "/dev/sda\n/dev/vdb\nmaybe\nno\nmy box\nbox\n10.0.0.300/24\n10.0.0.3/24\ngw\n10.0.0.1\nns\n10.0.0.2\none\ntwo\nthree\nthree\nyes\n")
	if err != nil || !strings.Contains(got, `"hostname":"box","root_password":"three","admin_ip":"10.0.0.3/24"`) {
		t.Fatalf("%s, %v\n%s", got, err, said)
	}
	for _, line := range []string{
		"  /dev/sda is not one of the disks above\n", "  yes or no\n", `  hostname: "my box" is not a host's name` + "\n",
		`  admin_ip: "10.0.0.300/24" is not an IP address` + "\n", `  admin_gateway: "gw" is not an IP address` + "\n",
		`  dns_resolvers: "ns" is not an IP address` + "\n", "  These differ.\n",
	} {
		if strings.Count(said, line) != 1 {
			t.Errorf("no line %q in\n%s", line, said)
		}
	}
}

// Who does not say yes, or hangs up anywhere, changes nothing.
func TestDialog_leaves(t *testing.T) {
	const whole = "\nbox\n10.0.0.3/24\n10.0.0.1\n10.0.0.2\npw\npw\nyes\n"
	for n := range strings.Count(whole, "\n") {
		typed := strings.Join(strings.SplitAfter(whole, "\n")[:n], "")
		if got, _, err := answer(t, false, typed); !errors.Is(err, errAborted) {
			t.Errorf("after %d answers: %s, %v", n, got, err)
		}
	}
	for _, last := range []string{"\n", "no\n", "y\n"} {
		if got, _, err := answer(t, false, strings.TrimSuffix(whole, "yes\n")+last); !errors.Is(err, errAborted) {
			t.Errorf("%q: %s, %v", last, got, err)
		}
	}
	if _, err := (dialog{}).run(); err == nil || err.Error() != "there is no disk for a pool" {
		t.Error(err)
	}
}

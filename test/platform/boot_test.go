package platform

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	stampA = "20260101T000000Z"
	stampB = "20260202T000000Z"
	stampC = "20260303T000000Z"
)

// A machine with 256 MB sets itself up, is used, and finds everything again.
func TestBoot_firstAndSecond(t *testing.T) {
	dir := t.TempDir()
	img := image(t, dir, stampA, "-a", answers(t, dir))
	pool := disk(t, dir)
	m := boot(t, pool, direct(img, "256")...)
	m.wait("making the pool zones on /dev/vda")
	m.wait("smartbox platform " + stampA + " on box1")
	m.login("secret")
	for command, want := range map[string]string{
		"zpool list -H -o name,health":                                      "zones\tONLINE",
		"zfs list -H -o name,mountpoint":                                    "zones/usbkey\t/usbkey",
		"hostname":                                                          "box1",
		"ip -4 addr show admin":                                             "inet 10.0.2.15/24",
		"cat /etc/resolv.conf":                                              "nameserver 10.0.2.3",
		"/sbin/modprobe nosuch; echo rc=$?":                                 "this kernel has no nosuch",
		"ip link add d0 type dummy; ip l":                                   "d0:", // the kernel asks for its module
		"vmadm list -H; echo rc=$?":                                         "rc=0",
		"dladm create-etherstub stub0; dladm show-etherstub -p -o link":     "stub0",
		"cat /proc/1/comm":                                                  "init",
		"cmp /etc/machine-id /usbkey/machine-id && wc -c < /etc/machine-id": "33",
	} {
		if got := m.run(command); !strings.Contains(got, want) {
			t.Errorf("%s: %q has no %q", command, got, want)
		}
	}
	m.run("echo kept > /opt/file; logger -t me said so; sync")
	m.run(`zonecfg -z z1 "create; set zonepath=/zones/z1; set autoboot=true; set brand=joyent-minimal; ` +
		`add net; set physical=net0; set global-nic=admin; add property (name=ips,value=\"10.0.2.77/24\"); end; commit" && zoneadm -z z1 install`)
	m.off()

	m = boot(t, pool, direct(img, "256")...)
	m.login("secret")
	if got := m.run("cat /opt/file; dladm show-etherstub -p -o link; test -s /var/log/smartbox/dmesg && echo logged; grep -c 'me: said so' /var/log/messages"); !strings.Contains(got, "kept\nstub0\nlogged\n1\n") {
		t.Errorf("after a reboot: %q", got)
	}
	// The zone came up by itself and answers through the network.
	if got := m.run("for i in 1 2 3 4 5 6 7 8 9 10; do ping -c1 -W2 10.0.2.77 >/dev/null && break; sleep 2; done; zoneadm list; ping -c1 -W5 10.0.2.77"); !strings.Contains(got, "z1") || !strings.Contains(got, " 0% packet loss") {
		t.Errorf("the autoboot zone: %q", got)
	}
	if got := m.run("zlogin z1 id -u"); !strings.HasPrefix(got, "0\n") {
		t.Errorf("zlogin: %q", got)
	}
	m.off()
}

// Without a pool and without answers it asks; who declines still gets in.
func TestBoot_asksAndStaysUp(t *testing.T) {
	if !all() {
		t.Skip("takes long: make test-guest runs it")
	}
	dir := t.TempDir()
	img := image(t, dir, stampA)
	pool := disk(t, dir)
	m := boot(t, pool, direct(img, "512")...)
	m.wait("Disk of the pool")
	m.send("\x04")
	m.wait("the system is up without a pool")
	m.login("")
	m.send("smartbox setup")
	for _, answer := range [][2]string{
		{"Disk of the pool .*: ", ""},
		{"Name of this machine .*: ", "asked"},
		{"Its address.*: ", "none"},
		{"Password of root .*: ", "other"},
		{"Once more.*: ", "other"},
		{"Go on .*: ", "yes"},
	} {
		m.wait(answer[0])
		m.send(answer[1])
	}
	m.wait("# ")
	m.off()
	m = boot(t, pool, direct(img, "512")...)
	m.wait("asked login: ")
	m.send("root")
	m.wait("Password: ")
	m.send("wrong")
	m.wait("Login incorrect")
	m.login("other")
	m.off()
}

// A pool of which a disk is missing is not touched: the console says so in a line
// and lets its owner look; with the disk all is well again.
func TestBoot_halfDeadPool(t *testing.T) {
	if !all() {
		t.Skip("takes long: make test-guest runs it")
	}
	dir := t.TempDir()
	img := image(t, dir, stampA, "-a", answers(t, dir))
	pool, more := disk(t, dir), disk(t, t.TempDir())
	second := append(direct(img, "512"), "-drive", "file="+more+",if=virtio,format=raw,cache=unsafe")
	m := boot(t, pool, direct(img, "512")...)
	m.login("secret")
	m.off()
	m = boot(t, pool, second...)
	m.login("secret")
	if got := m.run("zpool add -f zones /dev/vdb && echo kept > /opt/file && zpool list -v zones"); !strings.Contains(got, "vdb") {
		t.Fatalf("add: %q", got)
	}
	m.off()

	m = boot(t, pool, direct(img, "512")...)
	m.wait("smartbox: pool: [^\r\n]*zones")
	m.wait("the system is up without a pool")
	m.login("") // its passwords are on the pool
	if got := m.run("zpool list -H; cat /proc/1/comm; mount | grep -c btrfs"); !strings.Contains(got, "init\n0\n") {
		t.Errorf("without the pool: %q", got)
	}
	m.off()

	m = boot(t, pool, second...)
	m.login("secret")
	if got := m.run("cat /opt/file; zpool list -H -o health zones"); !strings.HasPrefix(got, "kept\nONLINE\n") {
		t.Errorf("whole again: %q", got)
	}
	m.off()
}

// brokenInit makes an image whose init ends at once, so that the kernel panics.
const brokenInit = `package main

import "os"

func main() {
	if len(os.Args) > 1 {
		os.Stdout.WriteString("zpool\n")
		return
	}
	os.Stdout.WriteString("I am broken\n")
	os.Exit(3)
}
`

// From A to B and back to A; a C that panics goes back to whatever was before,
// without anybody's help; images that are changed or damaged are refused.
func TestUpgrade_andRollback(t *testing.T) {
	if !all() {
		t.Skip("takes long: make test-guest runs it")
	}
	dir := t.TempDir()
	img := image(t, dir, stampA, "-a", answers(t, dir))
	serve := filepath.Join(dir, "serve")
	image(t, dir, stampB)
	broken := filepath.Join(dir, "broken")
	write(t, filepath.Join(dir, "broken.go"), brokenInit)
	build := exec.Command("go", "build", "-o", broken, filepath.Join(dir, "broken.go"))
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	image(t, dir, stampC, "--binary", broken)
	for from, to := range map[string]string{stampA: stampA, stampB: stampB, stampC: stampC} {
		if err := os.CopyFS(filepath.Join(serve, to), os.DirFS(filepath.Join(dir, from))); err != nil {
			t.Fatal(err)
		}
	}
	spoil(t, filepath.Join(serve, "changed"), filepath.Join(dir, stampB), "manifest.json")
	spoil(t, filepath.Join(serve, "damaged"), filepath.Join(dir, stampB), "initramfs.zst")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(serve))}
	go server.Serve(listener) //nolint:errcheck // closed at the end
	t.Cleanup(func() { server.Close() })
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	url := "http://10.0.2.2:" + port + "/"

	m := boot(t, disk(t, dir), direct(img, "512")...)
	m.login("secret")
	for name, want := range map[string]string{
		"changed": "was changed after key", "damaged": "initramfs.zst: is damaged", "nosuch": "file does not exist",
	} {
		if got := m.run("piadm install " + url + name); !strings.Contains(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := m.run("piadm list -H"); got != "" && strings.Contains(got, "2026") {
		t.Errorf("a refused image is there: %q", got)
	}
	m.run("piadm install " + url + stampB + " && piadm install " + url + stampC + " && piadm activate " + stampB)
	m.send("reboot")
	m.wait("entering platform " + stampB)
	m.wait("smartbox platform " + stampB + " on box1")
	m.login("secret")
	if got := m.run("piadm list -H"); !strings.Contains(got, stampB+"\tzones/boot\tnext\tyes\tyes\n"+stampC+"\tzones/boot\tavailable\tno\tno") {
		t.Errorf("list: %q", got)
	}
	if got := m.run("piadm remove " + stampB); !strings.Contains(got, "it is running") {
		t.Errorf("remove the running one: %q", got)
	}
	m.run("echo of B > /opt/state; piadm activate " + stampC)
	m.send("reboot")
	m.wait("entering platform " + stampC)
	m.wait("I am broken")
	m.wait("Kernel panic")
	m.wait("platform " + stampC + " did not come up; going back to " + stampB)
	m.wait("smartbox platform " + stampB + " on box1")
	m.login("secret")
	if got := m.run("piadm install " + url + stampA + " && piadm activate " + stampA); !strings.Contains(got, stampA+" is installed") {
		t.Errorf("install A: %q", got)
	}
	m.send("reboot")
	m.wait("smartbox platform " + stampA + " on box1")
	m.login("secret")
	if got := m.run("cat /opt/state; piadm list -H"); !strings.Contains(got, "of B\n"+stampA+"\tzones/boot\tnext\tyes\tyes\n") {
		t.Errorf("back in A: %q", got)
	}
	// It panics again, and without anybody's help A is there.
	m.run("piadm activate " + stampC)
	m.send("reboot")
	m.wait("Kernel panic")
	m.wait("did not come up; going back to " + stampA)
	m.wait("smartbox platform " + stampA + " on box1")
	m.login("secret")
	m.off()
}

// spoil copies an image and changes one byte of a file of it.
func spoil(t *testing.T, to, from, name string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(to, name)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	write(t, file, string(data))
}

// Every medium ends at a login.
func TestMedia(t *testing.T) {
	if !all() {
		t.Skip("takes long: make test-guest runs it")
	}
	dir := t.TempDir()
	img := image(t, dir, stampA, "-a", answers(t, dir))
	out := filepath.Join(dir, "media")
	tool(t, "platform", "media", "-A", words, img, out)
	server := &http.Server{Handler: http.FileServer(http.Dir(filepath.Join(out, "pxe")))}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener) //nolint:errcheck // closed at the end
	t.Cleanup(func() { server.Close() })
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	iso, usb := filepath.Join(out, "smartbox.iso"), filepath.Join(out, "smartbox-usb.img")
	user := []string{"-netdev", "user,id=n", "-device", "virtio-net-pci,netdev=n,romfile="}
	for name, args := range map[string][]string{
		"iso on BIOS":   append([]string{"-cdrom", iso, "-boot", "d"}, user...),
		"stick on BIOS": append(drive(iso), user...),
		"iso on UEFI": append(append(uefi(t, dir), "-drive", "file="+iso+",if=none,id=cd,media=cdrom,readonly=on",
			"-device", "ide-cd,drive=cd,bootindex=0"), user...),
		"stick on UEFI": append(append(uefi(t, dir), drive(iso)...), user...),
		"usb on UEFI":   append(append(uefi(t, dir), drive(usb)...), user...),
		"TFTP on BIOS":  {"-netdev", "user,id=n,tftp=" + out + "/pxe,bootfile=boot.ipxe", "-device", "virtio-net-pci,netdev=n,bootindex=0"},
		"HTTP on BIOS":  {"-netdev", "user,id=n,bootfile=http://10.0.2.2:" + port + "/boot.ipxe", "-device", "virtio-net-pci,netdev=n,bootindex=0"},
		"TFTP on UEFI":  append(uefi(t, dir), "-netdev", "user,id=n,tftp="+out+"/pxe,bootfile=smartbox.efi", "-device", "virtio-net-pci,netdev=n,romfile=,bootindex=0"),
	} {
		t.Run(name, func(t *testing.T) {
			m := boot(t, disk(t, t.TempDir()), append([]string{"-m", "512", "-no-reboot"}, args...)...)
			m.login("secret")
			if got := m.run("zpool list -H -o name"); !strings.Contains(got, "zones") {
				t.Errorf("no pool: %q", got)
			}
			m.off()
		})
	}
}

// A pool made to be bootable boots by itself on UEFI, from the medium's image,
// and no longer when that was taken back.
func TestBootable(t *testing.T) {
	if !all() {
		t.Skip("takes long: make test-guest runs it")
	}
	dir := t.TempDir()
	img := image(t, dir, stampA, "-a", write(t, filepath.Join(dir, "bootable.json"), `{"hostname": "box1", "root_password": "secret", "bootable": true}`))
	out := filepath.Join(dir, "media")
	tool(t, "platform", "media", "--iso", "-A", words, img, out)
	firmware := append(uefi(t, dir), "-m", "512", "-no-reboot")
	pool := disk(t, dir)
	m := boot(t, pool, append(firmware, drive(filepath.Join(out, "smartbox.iso"))...)...)
	m.login("secret")
	for _, step := range [][2]string{
		{"piadm bootable", "zones                          ==> non-bootable\n"},
		{"piadm update", "piadm: pool zones is not bootable\n"},
		{"piadm bootable -e zones", "Pool zones boots by itself, with boot image " + stampA + ".\n"},
		{"piadm bootable", "zones                          ==> UEFI\n"},
		{"piadm list -H", stampA + "\tzones/boot\tnext\tyes\tyes\n"},
		{"piadm update", "Boot image " + stampA + " of pool zones is up to date.\n"},
	} {
		if got := m.run(step[0]); !strings.Contains(got, step[1]) {
			t.Errorf("%s: %q", step[0], got)
		}
	}
	m.off()

	m = boot(t, pool, firmware...)
	m.login("secret")
	if got := m.run("hostname; piadm list -H; piadm bootable -d zones; piadm bootable"); !strings.Contains(got, "box1\n"+stampA) || !strings.Contains(got, "non-bootable") {
		t.Errorf("from the pool itself: %q", got)
	}
	m.off()
}

// drive is an image as a disk that is booted first.
func drive(file string) []string {
	return []string{"-drive", "file=" + file + ",if=none,id=stick,format=raw,readonly=on", "-device", "virtio-blk-pci,drive=stick,bootindex=0"}
}

// uefi is a machine with that firmware and an empty memory of its own.
func uefi(t *testing.T, dir string) []string {
	t.Helper()
	vars, err := os.ReadFile(ovmf + "VARS_4M.fd")
	if err != nil {
		t.Skipf("needs the package ovmf: %v", err)
	}
	f, err := os.CreateTemp(dir, "vars")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(vars); err != nil {
		t.Fatal(err)
	}
	return []string{
		"-M", "q35",
		"-drive", "if=pflash,unit=0,readonly=on,format=raw,file=" + ovmf + "CODE_4M.fd",
		"-drive", "if=pflash,unit=1,format=raw,file=" + f.Name(),
	}
}

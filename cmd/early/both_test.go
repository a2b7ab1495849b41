package early_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/host"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

const module = "github.com/smartbox-os/smartbox"

// programs are linked once, into a directory of all tests.
var (
	programs = map[string]string{}
	dir      string
)

func TestMain(m *testing.M) {
	var err error
	if dir, err = os.MkdirTemp("", "early"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// build links the program, with the early entry and further flags or without.
func build(t *testing.T, flags string) string {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("only on amd64 the program begins early")
	}
	if bin, ok := programs[flags]; ok {
		return bin
	}
	bin := filepath.Join(dir, fmt.Sprint("smartbox", len(programs)))
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-X "+module+"/internal/build.Linked=v7 "+flags, "-o", bin, "../..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	programs[flags] = bin
	return bin
}

const entry = "-E=_smartbox_start"

// rig is a root, and the program that begins early and the one that does not.
type rig struct {
	t               *testing.T
	root            string
	early, ordinary string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return &rig{t: t, root: t.TempDir(), early: build(t, entry), ordinary: build(t, "")}
}

// answer is all that one sees of a run.
type answer struct {
	out, err string
	code     int
	early    bool // no Go runtime was made: it tells of its initialisation
}

func (r *rig) run(bin string, stdout *os.File, env []string, words ...string) answer {
	r.t.Helper()
	var a answer
	var out, errs bytes.Buffer
	cmd := &exec.Cmd{Path: bin, Args: words, Env: append([]string{"GODEBUG=inittrace=1", "SMARTBOX_ROOT=" + r.root}, env...), Stdout: &out, Stderr: &errs}
	if stdout != nil {
		cmd.Stdout = stdout
	}
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		r.t.Fatal(err)
	}
	a.out, a.code, a.early = out.String(), cmd.ProcessState.ExitCode(), true
	for line := range strings.Lines(errs.String()) {
		if strings.HasPrefix(line, "init ") {
			a.early = false
		} else {
			a.err += line
		}
	}
	return a
}

// same runs both programs and compares; early says how the one has to do it.
func (r *rig) same(early bool, line string) answer {
	r.t.Helper()
	words := strings.Fields(line)
	got, want := r.run(r.early, nil, nil, words...), r.run(r.ordinary, nil, nil, words...)
	if got.early != early || want.early {
		r.t.Errorf("%s: early: %v, not %v", line, got.early, early)
	}
	got.early = want.early
	if got != want {
		r.t.Errorf("%s: %+v\nwithout the early entry: %+v", line, got, want)
	}
	return got
}

func (r *rig) write(name, content string) {
	r.t.Helper()
	file := filepath.Join(r.root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) json(name string, v any) {
	r.t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		r.t.Fatal(err)
	}
	r.write(name, string(data)+"\n")
}

// zone configures an installed zone.
func (r *rig) zone(i int, change func(*zone.Config)) string {
	r.t.Helper()
	name := fmt.Sprintf("%08x-0000-4000-8000-000000000000", i*2654435761%1000003)
	c := &zone.Config{
		Name: name, Path: "/zones/" + name, Brand: "lx", UUID: name, DID: i, IPType: zone.Exclusive, State: zone.Installed,
		Attrs: []zone.Attr{{Name: "alias", Type: "string", Value: fmt.Sprintf("m%d", i%7)}},
		Rctls: []zone.Rctl{{Name: "zone.max-physical-memory", Values: []zone.RctlValue{{Priv: "privileged", Limit: fmt.Sprint((i % 5) << 28), Action: "deny"}}}},
	}
	if change != nil {
		change(c)
	}
	r.json("etc/zones/"+c.Name+".json", c)
	return c.Name
}

// runs gives a zone a run state, and a holder of its lock unless it crashed.
func (r *rig) runs(name string, id int, state zone.State, held bool, change func(*zone.RunState)) {
	r.t.Helper()
	boot, err := host.BootID()
	if err != nil {
		r.t.Fatal(err)
	}
	run := &zone.RunState{BootID: boot, ID: id, State: state, Init: zone.Process{Pid: 1000 + id, Start: 5}, Booted: time.Now()}
	if change != nil {
		change(run)
	}
	dir := "run/smartbox/zones/" + name
	r.json(dir+"/state.json", run)
	r.write(dir+"/lock", "")
	if held {
		l, err := lock.Try(filepath.Join(r.root, dir, "lock"))
		if err != nil {
			r.t.Fatal(err)
		}
		r.t.Cleanup(func() { l.Unlock() })
	}
}

// fill makes zones of every kind and state.
func (r *rig) fill() {
	r.t.Helper()
	for i := range 12 {
		r.zone(i, nil)
	}
	r.zone(20, func(c *zone.Config) { c.Brand, c.IPType, c.Attrs, c.Rctls = "joyent", zone.Shared, nil, nil })
	r.zone(21, func(c *zone.Config) { c.Name, c.UUID, c.State, c.DID = "plain", "", zone.Configured, 0 })
	r.zone(22, func(c *zone.Config) { c.Brand, c.State = "joyent-minimal", zone.Incomplete })
	r.zone(23, func(c *zone.Config) { c.Attrs = append(c.Attrs, zone.Attr{Name: "failed", Type: "string", Value: "x"}) })
	r.runs(r.zone(24, nil), 9, zone.Running, true, nil)
	r.runs(r.zone(25, nil), 10, zone.Running, true, nil)
	r.runs(r.zone(26, nil), 3, zone.Ready, true, func(s *zone.RunState) { s.Init.Pid = 0 })
	r.runs(r.zone(27, nil), 4, zone.ShuttingDown, true, nil)
	r.runs(r.zone(28, nil), 5, zone.Running, false, nil) // its zoneadmd died
	r.runs(r.zone(29, nil), 6, zone.Running, true, func(s *zone.RunState) { s.BootID = "another" })
	r.write("run/smartbox/zones/gone/lock", "")
}

func TestBoth_lists(t *testing.T) {
	r := newRig(t)
	r.fill()
	for _, line := range []string{
		"vmadm list", "vmadm list -p", "vmadm list -H", "vmadm list -pH -o alias,state -s alias", "smartbox vmadm list",
		"vmadm list -o uuid,type,ram,state,alias,brand,max_physical_memory,pid,zone_state,zoneid,zonename",
		"vmadm list -p -o pid,zoneid,zone_state,max_physical_memory -s -zoneid,alias", "vmadm list -s pid,-uuid", "vmadm list -s -type,ram -Hoalias,alias",
		"vmadm list state=running", "vmadm list -o alias state=stopped ram=256", "vmadm list alias=", "vmadm list zoneid=9",
		"vmadm lookup", "vmadm lookup type=OS", "vmadm lookup -1 pid=1009", "vmadm lookup state=nowhere",
		"zoneadm list", "zoneadm list -c", "zoneadm list -i", "zoneadm list -cv", "zoneadm list -p", "zoneadm list -cp", "zoneadm list -icnp", "zoneadm list -n -v",
		"smartbox --version", "smartbox version", "zonename", "smartbox zonename",
	} {
		if a := r.same(true, line); a.code != 0 || a.err != "" || a.out == "" && !strings.Contains(line, "=") {
			t.Errorf("%s: %+v", line, a)
		}
	}
	for _, line := range []string{
		"smartbox", "smartbox --version x", "smartbox nothing", "vmadm", "vmadm -h", "vmadm list -h", "vmadm -v list", "vmadm list -o foo", "vmadm list -s foo",
		"vmadm list -o tags.a", "vmadm list -x", "vmadm list state", "vmadm list alias=~^m1", "vmadm list --", "vmadm list -o", "vmadm lookup -1", "vmadm lookup -o uuid",
		"vmadm list uuid=8e6c1c5e-0000-4000-8000-000000000001", "vmadm get x",
		"zoneadm", "zoneadm list -pv", "zoneadm list -x", "zoneadm list foo", "zoneadm -z plain list", "zoneadm -z nobody list", "zoneadm list --", "zonename x", "zonename -h",
	} {
		r.same(false, line)
	}
}

// What a list finds that is not as our tools leave it is for the ordinary tool,
// and so is every complaint.
func TestBoth_unusualRoots(t *testing.T) {
	r := newRig(t)
	lists := func(early bool) {
		t.Helper()
		for _, line := range []string{"vmadm list", "vmadm lookup", "zoneadm list -cp"} {
			r.same(early, line)
		}
	}
	lists(false) // nothing is there at all
	name := r.zone(1, nil)
	lists(true)
	config := "etc/zones/" + name + ".json"
	good, err := os.ReadFile(filepath.Join(r.root, config))
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"damaged":     "{",
		"empty":       "",
		"unknown key": strings.Replace(string(good), `"brand"`, `"colour": "red", "brand"`, 1),
		"by hand":     strings.Replace(string(good), `"m1"`, `"\u006d1"`, 1),
		"UTF-8":       strings.Replace(string(good), `"m1"`, `"mü"`, 1),
		"no path":     strings.Replace(string(good), `"/zones/`, `"zones/`, 1),
		"huge":        string(good) + strings.Repeat(" ", 300<<10),
	} {
		t.Run(what, func(t *testing.T) {
			r.t = t
			r.write(config, text)
			lists(false)
		})
	}
	r.t = t
	r.write(config, string(good))
	lists(true)
	r.write("etc/zones/.web.json.tmp1", "half")
	r.write("etc/zones/readme", "x")
	lists(true)

	r.runs(name, 1, zone.Running, true, nil)
	lists(true)
	r.write("run/smartbox/zones/"+name+"/state.json", `{"boot_id":`)
	lists(false)
	if err := os.Remove(filepath.Join(r.root, "run/smartbox/zones", name, "state.json")); err != nil {
		t.Fatal(err)
	}
	lists(true)

	r.zone(3, func(c *zone.Config) { c.Path = "/zones/a:b" })
	r.same(true, "vmadm list")
	r.same(false, "zoneadm list -cp")
	r.zone(4, func(c *zone.Config) { c.Brand = "bhyve" })
	r.same(false, "vmadm list")
	r.same(true, "zoneadm list -cv")
	if err := os.Remove(filepath.Join(r.root, "etc/zones", r.zone(4, nil)+".json")); err != nil {
		t.Fatal(err)
	}
	r.write("var/lib/smartbox/vm/"+name+".provision", "{")
	r.same(false, "vmadm list")
	r.same(true, "zoneadm list")
}

func TestBoth_surroundings(t *testing.T) {
	r := newRig(t)
	r.fill()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	got, want := r.run(r.early, full, nil, "vmadm", "list"), r.run(r.ordinary, full, nil, "vmadm", "list")
	if got != want || got.code == 0 {
		t.Errorf("full device: %+v, want %+v", got, want)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	read.Close()
	got, want = r.run(r.early, write, nil, "zoneadm", "list"), r.run(r.ordinary, write, nil, "zoneadm", "list")
	if got.code != want.code || got.err != want.err {
		t.Errorf("broken pipe: %+v, want %+v", got, want)
	}
	root := r.root
	for _, spelling := range []string{root + "/", root + "/../" + filepath.Base(root), root + "//", "/" + root, root + "/none", ""} {
		r.root = spelling
		got, want := r.run(r.early, nil, nil, "zoneadm", "list", "-cp"), r.run(r.ordinary, nil, nil, "zoneadm", "list", "-cp")
		if got.early = want.early; got != want {
			t.Errorf("root %q: %+v, want %+v", spelling, got, want)
		}
	}
	// The first of two counts, as in package syscall.
	r.root = root
	env := []string{"SMARTBOX_ROOT=/nowhere"}
	got, want = r.run(r.early, nil, env, "zoneadm", "list", "-c"), r.run(r.ordinary, nil, env, "zoneadm", "list", "-c")
	if got.early = want.early; got != want {
		t.Errorf("two roots: %+v, want %+v", got, want)
	}
}

// A list that is longer than the memory is the ordinary tool's.
func TestBoth_manyZones(t *testing.T) {
	r := newRig(t)
	for i := range 4096 {
		r.zone(i, nil)
	}
	r.same(true, "vmadm list -p -o uuid,ram,alias")
	r.zone(4096, nil)
	r.same(false, "vmadm list -p -o uuid,ram,alias")
}

// A fault before the Go runtime ends in the ordinary tool.
func TestFault_isMended(t *testing.T) {
	r := newRig(t)
	r.early = build(t, entry+" -X "+module+"/cmd/early.plant=yes")
	r.fill()
	for _, line := range []string{"vmadm list", "smartbox --version", "zoneadm list -x"} {
		r.same(false, line)
	}
}

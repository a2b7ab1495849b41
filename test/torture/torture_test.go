// Package torture kills the tools and the zones' supervisors at random points
// of everything they do, and asks for a consistent state, a working retry and
// an empty machine afterwards. SMARTBOX_TORTURE is the number of kills (20);
// SMARTBOX_SEED repeats a run.
package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/test/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// deed is one thing that a tool does, with what must hold however it ended.
type deed struct {
	name   string
	before func(b *bench)          // brings about the state it needs
	words  func(b *bench) []string // the command
	stdin  func(b *bench) string
	done   func(b *bench) bool // it has been done in whole
}

// bench is the one machine that is tortured.
type bench struct {
	*rig.Rig
	uuid   string
	count  int    // of updates
	killed int    // supervisors
	image  string // an image on disk, as imgadm install wants it
}

func (b *bench) payload() string {
	return fmt.Sprintf(`{"brand":"joyent-minimal","image_uuid":%q,"uuid":%q,"alias":"v%d","max_physical_memory":64,"quota":1}`,
		rig.Base, b.uuid, b.count)
}

// state is "" for a machine that is not there.
func (b *bench) state() string {
	b.Helper()
	return strings.TrimSpace(b.Do("vmadm", "list", "-Ho", "state", "uuid="+b.uuid))
}

func (b *bench) absent() {
	if b.state() != "" {
		b.Do("vmadm", "delete", b.uuid)
	}
}

func (b *bench) running() {
	if b.state() == "" {
		b.Feed(b.payload(), "vmadm", "create")
	}
	if b.state() != "running" {
		b.Do("vmadm", "start", b.uuid)
	}
}

func (b *bench) stopped() {
	b.running()
	b.Do("vmadm", "stop", b.uuid, "-F")
}

func (b *bench) get(property string) string {
	return strings.TrimSpace(b.Do("vmadm", "list", "-Ho", property, "uuid="+b.uuid))
}

func (b *bench) hasSnapshot() bool {
	return strings.Contains(b.Do("vmadm", "get", b.uuid), `"name": "s"`)
}

func (b *bench) hasImage() bool {
	return strings.Contains(b.Do("imgadm", "list", "-Ho", "uuid"), smallImage)
}

func about(words ...string) func(*bench) []string {
	return func(b *bench) []string { return append(append([]string{"vmadm"}, words...), b.uuid) }
}

var deeds = []deed{
	{
		name: "create", before: (*bench).absent,
		words: func(*bench) []string { return []string{"vmadm", "create"} },
		stdin: (*bench).payload,
		done:  func(b *bench) bool { return b.state() != "" },
	},
	{name: "boot", before: (*bench).stopped, words: about("start"), done: func(b *bench) bool { return b.state() == "running" }},
	{name: "stop", before: (*bench).running, words: about("stop", "-F"), done: func(b *bench) bool { return b.state() == "stopped" }},
	{
		name: "update", before: func(b *bench) { b.running(); b.count++ },
		words: func(b *bench) []string {
			return []string{"vmadm", "update", b.uuid, fmt.Sprint("alias=v", b.count), fmt.Sprint("max_physical_memory=", 64+b.count)}
		},
		done: func(b *bench) bool { return b.get("alias") == fmt.Sprint("v", b.count) },
	},
	{
		name: "snapshot", before: func(b *bench) {
			b.running()
			if b.hasSnapshot() {
				b.Do("vmadm", "delete-snapshot", b.uuid, "s")
			}
		},
		words: func(b *bench) []string { return []string{"vmadm", "create-snapshot", b.uuid, "s"} },
		done:  (*bench).hasSnapshot,
	},
	{
		name: "rollback", before: func(b *bench) {
			b.running()
			if !b.hasSnapshot() {
				b.Do("vmadm", "create-snapshot", b.uuid, "s")
			}
		},
		words: func(b *bench) []string { return []string{"vmadm", "rollback-snapshot", b.uuid, "s"} },
		done:  func(b *bench) bool { return b.state() == "running" },
	},
	{name: "delete", before: (*bench).running, words: about("delete"), done: func(b *bench) bool { return b.state() == "" }},
	{
		name: "install", before: func(b *bench) {
			if b.hasImage() {
				b.Do("imgadm", "delete", smallImage)
			}
		},
		words: func(b *bench) []string {
			return []string{"imgadm", "install", "-m", b.image + ".json", "-f", b.image + ".tar"}
		},
		done: (*bench).hasImage,
	},
}

// TestKills kills a tool, or the supervisor of the zone, in the middle of a
// deed.
func TestKills(t *testing.T) {
	kills := number(t, "SMARTBOX_TORTURE", 20)
	seed := number(t, "SMARTBOX_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("SMARTBOX_SEED=%d", seed)
	dice := rand.New(rand.NewPCG(uint64(seed), 1))
	b := &bench{Rig: rig.New(t), uuid: "0badc0de-0000-4000-8000-000000000001"}
	b.image = smallImageFiles(t)
	usual := map[string]time.Duration{}
	for i := range kills {
		d := deeds[i%len(deeds)]
		victim := "tool"
		if d.name != "install" && dice.IntN(3) == 0 {
			victim = "zoneadmd"
		}
		d.before(b)
		if usual[d.name] == 0 {
			usual[d.name] = b.whole(d)
			d.before(b)
		}
		when := time.Duration(dice.Int64N(int64(usual[d.name]) * 11 / 10))
		t.Logf("kill %d: %s of %s after %v of %v", i, victim, d.name, when.Round(time.Millisecond), usual[d.name].Round(time.Millisecond))
		b.kill(d, victim, when)
		b.consistent()
		if !d.done(b) {
			b.whole(d)
		}
		b.consistent()
	}
	if kills >= 20 && b.killed == 0 {
		t.Error("no zoneadmd was found to kill")
	}
	b.Empty()
}

// whole does a deed undisturbed and returns how long it took.
func (b *bench) whole(d deed) time.Duration {
	b.Helper()
	start := time.Now()
	b.Feed(d.input(b), d.words(b)...)
	if !d.done(b) {
		b.Fatalf("%s said it was done, but it was not", d.name)
	}
	return time.Since(start)
}

func (d deed) input(b *bench) string {
	if d.stdin == nil {
		return ""
	}
	return d.stdin(b)
}

// kill begins a deed and kills the tool or the supervisor after a while.
func (b *bench) kill(d deed, victim string, after time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c := b.Command(ctx, d.words(b)...)
	c.Stdin = strings.NewReader(d.input(b))
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	time.Sleep(after)
	if victim == "tool" {
		c.Process.Kill()
	} else {
		for _, p := range b.supervisors() {
			p.Kill()
			b.killed++
		}
	}
	c.Wait() // how it ends is what this is about
	if ctx.Err() != nil {
		b.Fatalf("%s hangs after its %s was killed", d.name, victim)
	}
}

// supervisors are the zoneadmd of this root.
func (b *bench) supervisors() []*os.Process {
	var found []*os.Process
	entries, err := os.ReadDir("/proc")
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		words, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline") // it may be gone
		env, _ := os.ReadFile("/proc/" + e.Name() + "/environ")
		if strings.HasPrefix(string(words), "zoneadmd") && strings.Contains(string(env), "SMARTBOX_ROOT="+b.Root+"\x00") {
			if p, err := os.FindProcess(pid); err == nil {
				found = append(found, p)
			}
		}
	}
	return found
}

// settled is the state once a supervisor that outlived its tool has ended what
// it was told to do, and init has proved itself.
func (b *bench) settled() string {
	b.Helper()
	s := b.state()
	for range 100 {
		if s == "" || s == "running" || s == "stopped" {
			break
		}
		time.Sleep(100 * time.Millisecond)
		s = b.state()
	}
	return s
}

// consistent asks every list for a state that makes sense.
func (b *bench) consistent() {
	b.Helper()
	b.Do("zoneadm", "list", "-cp")
	b.Do("imgadm", "list")
	b.Do("zfs", "list", "-t", "all")
	s := b.settled()
	switch s {
	case "", "running", "stopped":
	default:
		b.Errorf("the machine is %s", s)
	}
	if s != "" {
		b.Do("vmadm", "get", b.uuid)
	}
}

// TestParallel makes ten machines at once and changes one twenty times at once.
func TestParallel(t *testing.T) {
	r := rig.New(t)
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			o := r.Try(fmt.Sprintf(`{"brand":"joyent-minimal","image_uuid":%q,"alias":"p%d","max_physical_memory":64}`, rig.Base, i), "vmadm", "create")
			if o.Code != 0 {
				t.Errorf("create %d: exit %d: %s", i, o.Code, o.Stderr)
			}
		})
	}
	all.Wait()
	uuids := strings.Fields(r.Do("vmadm", "list", "-Ho", "uuid", "state=running"))
	if len(uuids) != 10 {
		t.Fatalf("%d of 10 machines run", len(uuids))
	}
	for i := range 20 {
		all.Go(func() {
			o := r.Try(fmt.Sprintf(`{"set_tags":{"t%d":%d},"set_customer_metadata":{"m%d":"x"}}`, i, i, i), "vmadm", "update", uuids[0])
			if o.Code != 0 {
				t.Errorf("update %d: exit %d: %s", i, o.Code, o.Stderr)
			}
		})
	}
	all.Wait()
	got := r.Do("vmadm", "get", uuids[0])
	for i := range 20 {
		if !strings.Contains(got, fmt.Sprintf(`"t%d": %d`, i, i)) || !strings.Contains(got, fmt.Sprintf(`"m%d": "x"`, i)) {
			t.Errorf("update %d is lost", i)
		}
	}
	r.Empty()
}

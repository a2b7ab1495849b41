package vm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// crashVerbs are done in turn to machine 1; each can be done again after it was
// killed, whether it had come to its end or not.
var crashVerbs = []string{"create", "update", "snapshot", "start", "rollback", "stop", "delete"}

func runVerb(ctx context.Context, h *Host, verb string) error {
	u := uuidN(1)
	switch verb {
	case "create":
		_, err := h.Create(ctx, tiny(1, `"autoboot":true,"tags":{"a":1},`+oneNIC))
		return but(err, "already exists")
	case "update":
		p, err := ParsePayload([]byte(`{"set_tags":{"b":2},"max_lwps":777,"quota":2,"set_customer_metadata":{"c":3}}`))
		return errors.Join(err, h.Update(ctx, u, p))
	case "snapshot":
		return but(h.CreateSnapshot(ctx, u, "s"), "already exists")
	case "start":
		return but(h.Start(ctx, u, StartOptions{}), "already 'running'")
	case "rollback":
		return h.RollbackSnapshot(ctx, u, "s")
	case "stop":
		return but(h.Stop(ctx, u, StopOptions{Force: true}), "already not 'running'")
	case "delete":
		return but(h.Delete(ctx, u), "No such zone")
	}
	return fmt.Errorf("no verb %q", verb)
}

// but drops the error that says that the verb was done before.
func but(err error, done string) error {
	if err != nil && strings.Contains(err.Error(), done) {
		return nil
	}
	return err
}

// A command killed at any moment leaves a machine that the next command finds
// whole or not at all, and to which the command can be done again.
func TestCrash_anyMoment(t *testing.T) {
	w := newWorld(t)
	took := make(map[string]time.Duration)
	for round := range rounds() {
		verb := crashVerbs[round%len(crashVerbs)]
		killed := w.killed(verb, took)
		w.consistent(fmt.Sprintf("round %d: after %s (killed %v)", round, verb, killed), verb)
		if err := runVerb(t.Context(), New(w.root, w.log), verb); err != nil {
			t.Fatalf("round %d: %s again: %v", round, verb, err)
		}
		w.consistent(fmt.Sprintf("round %d: after %s again", round, verb), "")
	}
	w.must(runVerb(t.Context(), w.Host, "delete"))
	w.gone(uuidN(1))
}

func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("SMARTBOX_TORTURE")); err == nil {
		return n
	}
	if testing.Short() {
		return len(crashVerbs)
	}
	return 2 * len(crashVerbs)
}

func (w *world) killed(verb string, took map[string]time.Duration) bool {
	w.t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), verbEnv+"="+verb, "SMARTBOX_ROOT="+string(w.root))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	limit := took[verb]
	if limit == 0 {
		limit = 300 * time.Millisecond
	}
	start := time.Now()
	w.must(cmd.Start())
	timer := time.AfterFunc(rand.N(limit), func() { cmd.Process.Kill() })
	err := cmd.Wait()
	if timer.Stop() || err == nil {
		took[verb] = time.Since(start)
	}
	if err != nil && cmd.ProcessState.ExitCode() >= 0 {
		w.t.Fatalf("%s: %v: %s", verb, err, stderr.String())
	}
	return err != nil
}

// consistent checks that what list shows is whole, and that nothing is left of
// what it does not show.
func (w *world) consistent(when, verb string) {
	w.t.Helper()
	list, err := w.List(context.Background(), nil)
	if err != nil {
		w.t.Fatalf("%s: list: %v", when, err)
	}
	if len(list) == 0 {
		if verb != "create" && verb != "delete" && verb != "" {
			w.t.Fatalf("%s: the machine is gone", when)
		}
		w.sweepLocks() // as the next create does
		w.gone(uuidN(1))
		return
	}
	m := list[0]
	settles := func() bool { return m.Status.State == "down" || m.StateName() == "provisioning" }
	for end := time.Now().Add(10 * time.Second); settles() && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond) // its zoneadmd is just ending it, or init has to prove itself
		if m, err = w.Get(context.Background(), uuidN(1)); err != nil {
			w.t.Fatalf("%s: %v", when, err)
		}
	}
	if state := m.StateName(); state != "running" && state != "stopped" && state != "provisioning" {
		w.t.Fatalf("%s: it is %s", when, state)
	}
	o, err := m.Object()
	if err != nil {
		w.t.Fatalf("%s: get: %v", when, err)
	}
	tags := asJSON(w.t, o.Get("tags"))
	updated := strings.Contains(tags, `"b":2`)
	if !strings.Contains(tags, `"a":1`) || updated != (o.Get("quota") == int64(2)) || updated != (asJSON(w.t, o.Get("customer_metadata")) != "{}") {
		w.t.Fatalf("%s: half an update: tags %s, quota %v", when, tags, o.Get("quota"))
	}
	if left, err := w.journals(); err != nil || len(left) != 0 {
		w.t.Fatalf("%s: journals are left: %v %v", when, left, err)
	}
}

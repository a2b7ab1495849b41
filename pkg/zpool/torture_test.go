package zpool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

// verbReceive receives the file that SMARTBOX_ROOT has under a name.
func verbReceive(ctx context.Context, h *zpool.Host, name string) error {
	f, err := os.Open(filepath.Join(os.Getenv("SMARTBOX_ROOT"), name))
	if err != nil {
		return err
	}
	defer f.Close()
	return h.Receive(ctx, "zones/in", f, zpool.ReceiveOptions{Force: true})
}

// keptStreams are a whole stream and an increment, in files of the root.
func keptStreams(t *testing.T, root paths.Root, h *zpool.Host) {
	t.Helper()
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	makeTree(t, root.Pool("zones/a"))
	must(t, h.Snapshot(ctx, []string{"zones/a@1"}, zpool.SnapshotOptions{}))
	changeTree(t, root.Pool("zones/a"))
	must(t, h.Snapshot(ctx, []string{"zones/a@2"}, zpool.SnapshotOptions{}))
	must(t, os.WriteFile(root.Join("full"), sent(t, h, "zones/a@1", dataset.SendOptions{}), 0o600))
	must(t, os.WriteFile(root.Join("step"), sent(t, h, "zones/a@2", dataset.SendOptions{From: "@1"}), 0o600))
}

// A receive killed at any moment leaves all or nothing of a snapshot, nothing
// beside it after the next change, and can be done again.
func TestReceive_killedAnyMoment(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	keptStreams(t, root, h)
	took := map[string]time.Duration{"receive full": 700 * time.Millisecond, "receive step": 500 * time.Millisecond}
	for round := range rounds() {
		for _, step := range []string{"full", "step"} {
			killed := killedRun(t, root, "receive "+step, took)
			when := fmt.Sprintf("round %d, %s (killed %v)", round, step, killed)
			must(t, h.Set(ctx, "zones/a", map[string]string{"my:round": when})) // any change sweeps
			check(t, root, h, when)
			whole := map[string]string{"full": "zones/in@1", "step": "zones/in@2"}[step]
			if _, err := h.Get(ctx, whole, "guid"); errors.Is(err, zpool.ErrNotFound) {
				wantNoArrival(t, root, when)
				if err := receiveFile(ctx, h, root.Join(step)); err != nil {
					t.Fatalf("%s: again: %v", when, err)
				}
			}
			check(t, root, h, when+" again")
		}
		sameTrees(t, root, "zones/a", "zones/in")
		must(t, h.Destroy(ctx, "zones/in", zpool.DestroyOptions{Recursive: true}))
		wantNothingBeside(t, root)
	}
}

func receiveFile(ctx context.Context, h *zpool.Host, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return h.Receive(ctx, "zones/in", f, zpool.ReceiveOptions{Force: true})
}

func wantNoArrival(t testing.TB, root paths.Root, when string) {
	t.Helper()
	left, err := os.ReadDir(filepath.Join(root.Run(), "pools/zones/receiving"))
	if err != nil && !os.IsNotExist(err) || len(left) > 0 {
		t.Fatalf("%s: %v is left, %v", when, left, err)
	}
}

// A pool or a quota that fills up ends a receive with a clear word, whatever
// sizes a stream claims, and leaves nothing.
func TestReceive_noSpace(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.PoolSized(t, root, 1<<30)
	ctx := t.Context()
	must(t, h.Create(ctx, "zones/a", zpool.CreateOptions{}))
	noise := make([]byte, 180<<20)
	_, err := rand.NewChaCha8([32]byte{}).Read(noise)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(root.Pool("zones/a"), "noise"), noise, 0o600))
	must(t, h.Snapshot(ctx, []string{"zones/a@1"}, zpool.SnapshotOptions{}))
	stream := sent(t, h, "zones/a@1", dataset.SendOptions{})
	err = h.Receive(ctx, "zones/small", bytes.NewReader(stream), zpool.ReceiveOptions{Props: map[string]string{"quota": "20M"}})
	if !errors.Is(err, zpool.ErrNoSpace) || strings.Contains(err.Error(), "\n") {
		t.Errorf("over quota: %v", err)
	}
	check(t, root, h, "over quota")
	wantNothingBeside(t, root)
	for i := range 6 {
		if err = h.Receive(ctx, fmt.Sprintf("zones/b%d", i), bytes.NewReader(stream), zpool.ReceiveOptions{}); err != nil {
			break
		}
	}
	if !errors.Is(err, zpool.ErrNoSpace) {
		t.Errorf("full pool: %v", err)
	}
	check(t, root, h, "full pool")
	must(t, h.Destroy(ctx, "zones/b0", zpool.DestroyOptions{Recursive: true}))
	// The space of a destroyed dataset comes back a while later.
	for range 60 {
		if err = h.Receive(ctx, "zones/again", bytes.NewReader(stream), zpool.ReceiveOptions{}); err == nil {
			return
		}
		time.Sleep(time.Second)
	}
	t.Errorf("after destroying one: %v", err)
}

// A stream that is cut anywhere goes on where its token says, until it is
// whole.
func TestReceive_resumesAnywhere(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	keptStreams(t, root, h)
	for _, file := range []string{"full", "step"} {
		stream, err := os.ReadFile(root.Join(file))
		must(t, err)
		cut := io.Reader(bytes.NewReader(stream[:rand.IntN(len(stream)-1000)+500]))
		o := zpool.ReceiveOptions{Resumable: true, Force: file == "step"}
		tries := 0
		for {
			err := h.Receive(ctx, "zones/in", cut, o)
			if err == nil {
				break
			}
			if tries++; tries > 100 {
				t.Fatal("no end", err)
			}
			d, failed := h.Get(ctx, "zones/in", "receive_resume_token")
			var next bytes.Buffer
			switch token := d.Get("receive_resume_token"); {
			case errors.Is(failed, zpool.ErrNotFound) || token == "": // cut before the first object
				next.Write(stream)
			default:
				must(t, failed)
				must(t, h.Send(ctx, "", &next, dataset.SendOptions{Token: token}))
			}
			cut = io.LimitReader(&next, int64(rand.IntN(len(stream)/2)+400000))
			if tries > 20 {
				cut = &next
			}
		}
		t.Logf("%s: %d parts", file, tries+1)
	}
	sameTrees(t, root, "zones/a", "zones/in")
	wantNoArrival(t, root, "resumed")
}

// What was kept of a cut stream can be dropped, and stands in the way until
// then.
func TestReceive_abort(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	ctx := t.Context()
	keptStreams(t, root, h)
	stream, err := os.ReadFile(root.Join("full"))
	must(t, err)
	half := func() io.Reader { return bytes.NewReader(stream[:len(stream)/2]) }
	if err := h.Receive(ctx, "zones/in", half(), zpool.ReceiveOptions{Resumable: true}); err == nil {
		t.Fatal("took half a stream")
	}
	if err := h.Receive(ctx, "zones/in", bytes.NewReader(stream), zpool.ReceiveOptions{}); err == nil {
		t.Error("put another stream over what can be resumed")
	}
	must(t, h.AbortReceive(ctx, "zones/in"))
	if _, err := h.Get(ctx, "zones/in", "guid"); !errors.Is(err, zpool.ErrNotFound) {
		t.Errorf("the empty dataset is left: %v", err)
	}
	wantNothingBeside(t, root)
	if err := h.AbortReceive(ctx, "zones/a"); err == nil {
		t.Error("aborted nothing")
	}
}

// Two receive into one dataset at once: one of them does it.
func TestReceive_twoAtOnce(t *testing.T) {
	root := testenv.Root(t)
	h := zpooltest.Pool(t, root)
	keptStreams(t, root, h)
	var runs [3]*exec.Cmd
	for i := range runs {
		runs[i] = exec.Command(os.Args[0], "-test.run=^$")
		runs[i].Env = append(os.Environ(), verbEnv+"=receive full", "SMARTBOX_ROOT="+string(root))
		must(t, runs[i].Start())
	}
	done := 0
	for _, r := range runs {
		if r.Wait() == nil {
			done++
		}
	}
	if done == 0 {
		t.Error("none did it")
	}
	check(t, root, h, "after all")
	must(t, receiveFile(t.Context(), h, root.Join("step")))
	sameTrees(t, root, "zones/a", "zones/in")
}

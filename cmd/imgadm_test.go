package cmd_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smartbox-os/smartbox/internal/paths"
	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/internal/testenv/imgserver"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/zpooltest"
)

const (
	lowerUUID = "11111111-3333-4333-8333-111111111111"
	upperUUID = "22222222-3333-4333-8333-222222222222"
)

// imgadmRig is a root with a pool and a source of two images, the upper built
// upon the lower, of some hundred files each.
type imgadmRig struct {
	t     *testing.T
	root  paths.Root
	pools *zpool.Host
	url   string
}

func newImgadmRig(t *testing.T) *imgadmRig {
	t.Helper()
	r := &imgadmRig{t: t, root: testenv.Root(t)}
	r.pools = zpooltest.Pool(t, r.root)
	lower := imgserver.New(lowerUUID, "lower", "1", manyFiles(t, "a"))
	upper := imgserver.New(upperUUID, "upper", "1", manyFiles(t, "b"))
	upper.Manifest["origin"] = lowerUUID
	h := httptest.NewServer(&imgserver.Server{Images: []*imgserver.Image{lower, upper}})
	t.Cleanup(h.Close)
	r.url = h.URL
	return r
}

const filesPerImage = 400

func manyFiles(t *testing.T, prefix string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range filesPerImage {
		h := &tar.Header{Name: fmt.Sprintf("%s/%d", prefix, i), Mode: 0o644, Size: 5000}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 5000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (r *imgadmRig) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(r.t.Context(), "imgadm", args...)
	c.Env = append(os.Environ(), "SMARTBOX_ROOT="+string(r.root))
	return c
}

func (r *imgadmRig) run(args ...string) string {
	r.t.Helper()
	out, err := r.command(args...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("imgadm %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func (r *imgadmRig) importUpper() []string { return []string{"import", "-S", r.url, upperUUID} }

// whole checks that what is listed as installed is all there.
func (r *imgadmRig) whole() (installed int) {
	r.t.Helper()
	for uuid := range strings.FieldsSeq(r.run("list", "-H", "-o", "uuid")) {
		installed++
		for _, prefix := range map[string][]string{lowerUUID: {"a"}, upperUUID: {"a", "b"}}[uuid] {
			files, err := os.ReadDir(filepath.Join(r.root.Pool("zones/"+uuid), "root", prefix))
			if err != nil || len(files) != filesPerImage {
				r.t.Fatalf("image %s is listed with %d files of %s, %v", uuid, len(files), prefix, err)
			}
		}
	}
	return installed
}

// clean checks that nothing but the given datasets is left.
func (r *imgadmRig) clean(images int) {
	r.t.Helper()
	all, err := r.pools.List(r.t.Context(), zpool.ListOptions{})
	if err != nil || len(all) != 2+images { // zones, zones/config
		r.t.Errorf("datasets %v, %v", all, err)
	}
	for dir, want := range map[string]int{"images": images, "downloads": 0} {
		left, _ := os.ReadDir(filepath.Join(r.root.Imgadm(), dir))
		if len(left) != want {
			r.t.Errorf("left in %s: %v", dir, left)
		}
	}
}

func TestImgadm_oneImageImportedManyTimesAtOnce(t *testing.T) {
	r := newImgadmRig(t)
	var group sync.WaitGroup
	outputs := make([]string, 10)
	for i := range outputs {
		group.Go(func() {
			out, err := r.command(r.importUpper()...).CombinedOutput()
			outputs[i] = string(out)
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	group.Wait()
	if n := strings.Count(strings.Join(outputs, ""), "Imported image "+upperUUID); n != 1 {
		t.Errorf("imported %d times:\n%s", n, strings.Join(outputs, "---\n"))
	}
	if r.whole() != 2 {
		t.Error("not both are installed")
	}
	r.clean(2)
}

// Killed at any moment, imgadm leaves a state from which the next one goes on.
func TestImgadm_killedAtAnyMoment(t *testing.T) {
	r := newImgadmRig(t)
	rounds := 6
	if n, err := strconv.Atoi(os.Getenv("SMARTBOX_TORTURE")); err == nil {
		rounds = n
	}
	start := time.Now()
	r.run(r.importUpper()...)
	importTime := time.Since(start)
	start = time.Now()
	r.run("vacuum", "-f")
	vacuumTime := time.Since(start)
	for range rounds {
		r.killed(importTime, r.importUpper()...)
		r.whole()
		r.run(r.importUpper()...)
		if r.whole() != 2 {
			t.Fatal("not both are installed")
		}
		r.killed(vacuumTime, "vacuum", "-f")
		r.whole()
		r.run("vacuum", "-f")
		if r.whole() != 0 {
			t.Fatal("something is left")
		}
	}
	r.run(r.importUpper()...) // sweeps what a killed vacuum left
	r.clean(2)
}

// killed runs a command and kills it at a random moment of the time it takes.
func (r *imgadmRig) killed(takes time.Duration, args ...string) {
	r.t.Helper()
	c := r.command(args...)
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	time.Sleep(rand.N(takes))
	_ = c.Process.Kill() // it may be done
	_ = c.Wait()
}

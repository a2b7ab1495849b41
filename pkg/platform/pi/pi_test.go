package pi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/platform"
)

const (
	a = "20260101T000000Z"
	b = "20260202T000000Z"
	c = "20260303T000000Z"
)

type fixture struct {
	*Store
	signer *platform.Signer
	t      *testing.T
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	signer, err := platform.NewSigner(filepath.Join(t.TempDir(), "k"))
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{&Store{Dir: t.TempDir(), Keys: []platform.Key{signer.Public()}, Running: a}, signer, t}
}

// image is a directory with an image.
func (f *fixture) image(stamp string) string {
	f.t.Helper()
	dir := f.t.TempDir()
	for _, name := range []string{platform.KernelFile, platform.InitramfsFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name+stamp), 0o644); err != nil {
			f.t.Fatal(err)
		}
	}
	if _, err := platform.Seal(dir, platform.Manifest{Stamp: stamp}, f.signer); err != nil {
		f.t.Fatal(err)
	}
	return dir
}

func (f *fixture) install(where string) error {
	f.t.Helper()
	from, err := OpenSource(where)
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = f.Install(f.t.Context(), from)
	return err
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) installed(stamps ...string) {
	f.t.Helper()
	for _, s := range stamps {
		f.must(f.install(f.image(s)))
	}
}

// boot is what the medium, whose image is a, decides.
func (f *fixture) boot(want, note string) {
	f.t.Helper()
	got, err := f.Choose(a)
	if err != nil || got.Stamp != want || !strings.Contains(got.Note, note) {
		f.t.Errorf("boot: %+v, %v; want %q, %q", got, err, want, note)
	}
}

func TestChoose_trialAndRollback(t *testing.T) {
	f := newFixture(t)
	f.boot("", "")
	f.installed(b, c)
	f.must(f.Activate(b))
	f.boot(b, "")
	f.must(f.MarkGood(b))
	f.boot(b, "")
	f.boot(b, "") // a good one may fail as often as it likes
	f.must(f.Activate(c))
	f.boot(c, "")
	f.boot(b, c+" did not come up; going back to "+b)
	f.boot(b, "")
	if failed, err := f.Failed(); failed != c || err != nil {
		t.Errorf("failed: %s, %v", failed, err)
	}
	f.must(f.Activate(c)) // another chance
	f.boot(c, "")
	f.must(f.MarkGood(c))
	f.boot(c, "")
}

func TestChoose_backToTheMedium(t *testing.T) {
	f := newFixture(t)
	f.installed(b)
	f.must(f.Activate(b))
	f.boot(b, "")
	f.boot("", "going back to the medium's own")
	f.boot("", "")
}

// An image that never ran is no image to go back to.
func TestActivate_fallbackIsGood(t *testing.T) {
	f := newFixture(t)
	f.installed(b, c)
	f.must(f.Activate(b))
	f.must(f.Activate(c))
	f.boot(c, "")
	f.boot("", "going back to the medium's own")
	if err := f.Activate("20270101T000000Z"); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("not installed: %v", err)
	}
	if err := f.Activate("../x"); err == nil {
		t.Error("a path is a stamp")
	}
}

func TestInstall_sources(t *testing.T) {
	f := newFixture(t)
	server := httptest.NewServer(http.FileServer(http.Dir(f.image(b))))
	defer server.Close()
	f.must(f.install(server.URL))
	f.installed(c)
	all, err := f.List()
	f.must(err)
	if len(all) != 2 || all[0].Stamp != b || !all[0].Whole || all[1].Stamp != c || all[0].Next {
		t.Errorf("%+v", all)
	}
	if err := f.install(f.image(b)); !errors.Is(err, ErrInstalled) {
		t.Errorf("twice: %v", err)
	}
	if err := f.install(server.URL + "/nosuch"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("not there: %v", err)
	}
}

func TestInstall_refusesWhole(t *testing.T) {
	f := newFixture(t)
	for name, spoil := range map[string]func(dir string) error{
		"damaged": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, platform.InitramfsFile), []byte("initramfs.zst20260202T000000X"), 0o644)
		},
		"is not signed": func(dir string) error { return os.Remove(filepath.Join(dir, platform.SignatureFile)) },
		"was changed": func(dir string) error {
			file := filepath.Join(dir, platform.ManifestFile)
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return os.WriteFile(file, []byte(strings.Replace(string(data), b, c, 1)), 0o644)
		},
		"no such file": func(dir string) error { return os.Remove(filepath.Join(dir, platform.KernelFile)) },
	} {
		dir := f.image(b)
		f.must(spoil(dir))
		if err := f.install(dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	stranger := newFixture(t)
	if err := f.install(stranger.image(b)); !errors.Is(err, platform.ErrUntrusted) {
		t.Errorf("a stranger's: %v", err)
	}
	left, err := os.ReadDir(f.Dir)
	f.must(err)
	for _, d := range left {
		if d.Name() != ".lock" {
			t.Errorf("left: %s", d.Name())
		}
	}
}

// slow is a source that stops in the middle, as a kill would.
type slow struct {
	Source
	at string
}

func (s slow) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if name == s.at {
		return nil, errors.New("the cable was pulled")
	}
	return s.Source.Open(ctx, name)
}

func TestInstall_interrupted(t *testing.T) {
	f := newFixture(t)
	from, err := OpenSource(f.image(b))
	f.must(err)
	if _, err := f.Install(t.Context(), slow{from, platform.InitramfsFile}); err == nil {
		t.Error("half an image is installed")
	}
	// What a kill -9 left is swept by the next installation.
	f.must(os.Mkdir(filepath.Join(f.Dir, ".part-"+c), 0o755))
	f.installed(b)
	if left, _ := filepath.Glob(filepath.Join(f.Dir, ".part-*")); left != nil {
		t.Errorf("left: %v", left)
	}
}

func TestInstall_atOnce(t *testing.T) {
	f := newFixture(t)
	dirs := []string{f.image(b), f.image(b), f.image(b)}
	var wg sync.WaitGroup
	errs := make([]error, len(dirs))
	for i, dir := range dirs {
		wg.Go(func() {
			from, err := OpenSource(dir)
			if err == nil {
				_, err = f.Install(context.Background(), from)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
		} else if !errors.Is(err, ErrInstalled) {
			t.Error(err)
		}
	}
	if good != 1 {
		t.Errorf("%d of them installed it", good)
	}
}

func TestRemove(t *testing.T) {
	f := newFixture(t)
	f.installed(a, b, c)
	f.must(f.Activate(b))
	f.boot(b, "")
	f.must(f.MarkGood(b))
	f.must(f.Activate(c))
	for stamp, why := range map[string]string{a: "it is running", c: "it is the active one", b: "to go back to"} {
		if err := f.Remove(stamp, false); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", stamp, err)
		}
	}
	for _, stamp := range []string{a, c} {
		if err := f.Remove(stamp, true); !errors.Is(err, ErrInUse) {
			t.Errorf("by force: %v", err)
		}
	}
	f.must(f.Remove(b, true))
	if err := f.Remove(b, true); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("again: %v", err)
	}
	f.boot(c, "")
	f.boot("", "going back to the medium's own") // for the good one is gone
}

func TestState_damaged(t *testing.T) {
	f := newFixture(t)
	for _, text := range []string{"{", `{"next": "../../etc"}`, `{"good": ["x"]}`} {
		f.must(os.WriteFile(filepath.Join(f.Dir, stateFile), []byte(text), 0o644))
		if got, err := f.Choose(a); err == nil || got.Stamp != "" {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestAvailable(t *testing.T) {
	answer := `["` + a + `", "` + c + `", "` + b + `"]`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/index.json" {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, answer) //nolint:errcheck // a test's server
	}))
	defer server.Close()
	got, err := Available(t.Context(), server.URL+"/")
	if err != nil || strings.Join(got, " ") != c+" "+b+" "+a {
		t.Errorf("%v, %v", got, err)
	}
	for _, answer = range []string{"{}", `["../x"]`, ""} {
		if _, err := Available(t.Context(), server.URL); err == nil {
			t.Errorf("%q is an index", answer)
		}
	}
}

func TestEntered(t *testing.T) {
	line := "BOOT_IMAGE=/platform/vmlinuz initrd=initramfs.zst console=ttyS0 quiet " + EnteredWord
	if got := strings.Join(Entered(line), " "); got != "console=ttyS0 quiet" {
		t.Error(got)
	}
	if !WasEntered(line) || WasEntered("console=ttyS0 smartbox.entered2") {
		t.Error("entered")
	}
}

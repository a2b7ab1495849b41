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
	"github.com/smartbox-os/smartbox/pkg/platform/media"
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

// iso is a file with an image.
func (f *fixture) iso(stamp string) string {
	f.t.Helper()
	files := []media.File{{Name: "bios.bin", Data: make([]byte, 4096)}, {Name: "efi.img", Data: make([]byte, 4096)}}
	dir := f.image(stamp)
	for _, name := range []string{platform.KernelFile, platform.InitramfsFile, platform.ManifestFile, platform.SignatureFile} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		f.must(err)
		files = append(files, media.File{Name: "platform/" + name, Data: data})
	}
	data, err := media.ISO(files, media.ISOOptions{Label: "TEST", BIOS: "bios.bin", EFI: "efi.img", MBR: make([]byte, 432)})
	f.must(err)
	name := filepath.Join(f.t.TempDir(), "x.iso")
	f.must(os.WriteFile(name, data, 0o644))
	return name
}

func (f *fixture) install(where string) error {
	f.t.Helper()
	from, err := OpenSource(f.t.Context(), where)
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
	from, err := OpenSource(t.Context(), f.image(b))
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
			from, err := OpenSource(t.Context(), dir)
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

// What boots a pool is the image that is known to come up here.
func TestLoaderImage(t *testing.T) {
	f := newFixture(t)
	f.Running = "20270101T000000Z" // of a medium, not installed
	is := func(want string) {
		t.Helper()
		stamp, dir, err := f.LoaderImage()
		f.must(err)
		if stamp != want || dir != f.path(want) {
			t.Errorf("%s in %s, want %s", stamp, dir, want)
		}
	}
	if _, _, err := f.LoaderImage(); !errors.Is(err, errNoLoader) {
		t.Errorf("without images: %v", err)
	}
	f.installed(a, b, c)
	is(c) // none is known: the newest
	f.must(f.Activate(b))
	is(b)
	f.must(f.MarkGood(a))
	is(a)
	f.Running = c
	is(c)
	// A damaged one is not written anywhere.
	f.must(os.WriteFile(filepath.Join(f.path(c), platform.KernelFile), []byte("x"), 0o644))
	if _, _, err := f.LoaderImage(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("damaged: %v", err)
	}
	f.must(os.Remove(filepath.Join(f.path(c), platform.SignatureFile)))
	is(a)
}

func TestSetLoader(t *testing.T) {
	f := newFixture(t)
	f.must(f.SetLoader(b))
	if got, err := f.Loader(); got != b || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	f.must(f.SetLoader(""))
	if got, err := f.Loader(); got != "" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	f.must(os.WriteFile(filepath.Join(f.Dir, stateFile), []byte(`{"loader": "../x"}`), 0o644))
	if _, err := f.Loader(); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a loader that is no stamp: %v", err)
	}
}

// A repository is an address with an index and an image below each stamp.
func TestFind_repository(t *testing.T) {
	f := newFixture(t)
	top := t.TempDir()
	for _, stamp := range []string{a, b} {
		f.must(os.CopyFS(filepath.Join(top, stamp), os.DirFS(f.image(stamp))))
	}
	f.must(os.WriteFile(filepath.Join(top, "index.json"), []byte(`["`+a+`","`+b+`"]`), 0o644))
	server := httptest.NewServer(http.FileServer(http.Dir(top)))
	t.Cleanup(server.Close)
	for _, where := range []string{Latest, a} {
		from, err := Find(t.Context(), where, server.URL)
		f.must(err)
		stamp, err := f.Install(t.Context(), from)
		f.must(errors.Join(err, from.Close()))
		if want := map[string]string{Latest: b, a: a}[where]; stamp != want {
			t.Errorf("%s is %s", where, stamp)
		}
	}
	for _, where := range []string{Latest, c} {
		if _, err := Find(t.Context(), where, ""); !errors.Is(err, ErrNoRepository) {
			t.Errorf("%s without a repository: %v", where, err)
		}
	}
	f.must(os.WriteFile(filepath.Join(top, "index.json"), []byte(`[]`), 0o644))
	if _, err := Find(t.Context(), Latest, server.URL); err == nil || !strings.Contains(err.Error(), "has no images") {
		t.Errorf("an empty repository: %v", err)
	}
}

// An ISO is an image too: as a file, at an address, and on a medium.
func TestFind_iso(t *testing.T) {
	f := newFixture(t)
	iso := f.iso(b)
	data, err := os.ReadFile(iso)
	f.must(err)
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(iso))))
	t.Cleanup(server.Close)
	root := t.TempDir()
	for _, dir := range []string{"sys/class/block/loop0", "sys/class/block/vda", "sys/class/block/sr0", "sys/class/block/gone", "dev"} {
		f.must(os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	f.must(os.WriteFile(filepath.Join(root, "dev/vda"), make([]byte, 1<<20), 0o644))
	if _, err := findMedium(root); !errors.Is(err, errNoMedium) {
		t.Errorf("a disk is no medium: %v", err)
	}
	f.must(os.WriteFile(filepath.Join(root, "dev/sr0"), data, 0o644))
	for name, open := range map[string]func() (Source, error){
		"file":    func() (Source, error) { return Find(t.Context(), iso, "") },
		"address": func() (Source, error) { return Find(t.Context(), server.URL+"/"+filepath.Base(iso), "") },
		"medium":  func() (Source, error) { return findMedium(root) },
	} {
		from, err := open()
		f.must(err)
		stamp, err := f.Install(t.Context(), from)
		f.must(errors.Join(err, from.Close()))
		if stamp != b {
			t.Errorf("%s: %s", name, stamp)
		}
		f.must(f.Remove(b, false))
	}
	if _, err := Find(t.Context(), server.URL+"/nosuch.iso", ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an ISO that is not there: %v", err)
	}
}

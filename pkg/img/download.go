package img

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/pkg/img/imgapi"
	"github.com/smartbox-os/smartbox/pkg/img/manifest"
)

// How a download deals with a bad line.
const (
	stallTime  = 60 * time.Second // without a byte
	attempts   = 5                // in a row without progress
	progress   = 64 << 10         // bytes beyond the furthest so far
	firstPause = 200 * time.Millisecond
)

// download fetches one image file into dir: UUID.file.partial while it comes,
// UUID.file when it is whole and verified. A partial file survives crashes and
// failures, and the next download goes on from there. The caller holds the
// image's lock.
type download struct {
	client *imgapi.Client
	dir    string
	uuid   string
	file   manifest.File
	tell   func(done int64)
	resume func(have int64) // told when a partial file is used
	stall  time.Duration
	pause  time.Duration

	out  *os.File
	sums *sums
	mark validators
}

// validators are stored beside the partial file: by them the server knows
// whether its file is still the one that we have a part of.
type validators struct {
	Source    string `json:"source"`
	Validator string `json:"validator"`
}

func (d *download) path() string     { return filepath.Join(d.dir, d.uuid+".file") }
func (d *download) partial() string  { return d.path() + ".partial" }
func (d *download) markPath() string { return d.partial() + ".json" }

// run returns the path of the whole, verified file.
func (d *download) run(ctx context.Context) (string, error) {
	if d.whole() {
		return d.path(), nil
	}
	if err := d.openPartial(); err != nil {
		return "", err
	}
	defer d.out.Close()
	if err := d.space(); err != nil {
		return "", err
	}
	resumed := d.sums.n > 0
	err := d.verified(ctx)
	if err != nil && resumed && d.sums.n == d.file.Size {
		// The old part may have been of another file: once more, anew.
		if err = d.restart(); err == nil {
			err = d.verified(ctx)
		}
	}
	if err != nil {
		if d.sums.n == d.file.Size {
			d.discard() // whole and wrong
		}
		return "", err
	}
	return d.path(), d.finish()
}

func (d *download) verified(ctx context.Context) error {
	if err := d.fetch(ctx); err != nil {
		return err
	}
	if err := d.sums.check(); err != nil {
		return fmt.Errorf("%s: %w", d.client.URL(), err)
	}
	return nil
}

// whole uses a file that an earlier command downloaded and did not get to
// install.
func (d *download) whole() bool {
	f, err := openRegular(d.path())
	if err != nil {
		return false
	}
	defer f.Close()
	s := newSums(d.file)
	if _, err = io.Copy(s, f); err == nil {
		err = s.check()
	}
	if err != nil {
		os.Remove(d.path())
	}
	return err == nil
}

// openPartial opens what is there already and sums it.
func (d *download) openPartial() error {
	out, err := os.OpenFile(d.partial(), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return fail(CodeFile, "download: %w", err)
	}
	d.out, d.sums = out, newSums(d.file)
	if data, err := os.ReadFile(d.markPath()); err != nil || json.Unmarshal(data, &d.mark) != nil {
		d.mark = validators{}
	}
	if d.mark.Source != d.client.URL() {
		d.mark.Validator = "" // another server's; the sums will tell
	}
	if _, err := io.Copy(d.sums, out); err != nil {
		return d.restart()
	}
	if d.sums.n > 0 {
		d.resume(d.sums.n)
	}
	return nil
}

func (d *download) restart() error {
	d.sums.reset()
	d.mark = validators{}
	if err := d.out.Truncate(0); err != nil {
		return fail(CodeFile, "download: %w", err)
	}
	if _, err := d.out.Seek(0, io.SeekStart); err != nil {
		return fail(CodeFile, "download: %w", err)
	}
	return nil
}

// space refuses a download that the file system cannot hold.
func (d *download) space() error {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(d.out.Fd()), &st); err != nil {
		return fail(CodeFile, "download: %w", err)
	}
	free, need := int64(st.Bavail)*st.Bsize, d.file.Size-d.sums.n
	if free < need {
		return fail(CodeNoSpace, "%s has %s free, the download needs %s more", d.dir, Size(free), Size(need))
	}
	return nil
}

// fetch reads until the file is whole, and asks again as long as answers bring
// it further than it ever was.
func (d *download) fetch(ctx context.Context) error {
	pause, furthest := d.pause, d.sums.n
	for failures := 0; d.sums.n < d.file.Size; {
		err := d.attempt(ctx)
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !passing(err) {
			return err
		}
		if failures++; d.sums.n >= furthest+progress {
			failures, pause, furthest = 1, d.pause, d.sums.n
		}
		if failures >= attempts {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, 10*time.Second)
	}
	return nil
}

// fatalError is one that another attempt does not cure.
type fatalError struct{ error }

func (e fatalError) Unwrap() error { return e.error }

func passing(err error) bool {
	if refusal, ok := errors.AsType[*imgapi.Error](err); ok {
		return refusal.Status >= 500 || refusal.Status == 429 || refusal.Status == 408
	}
	_, fatal := errors.AsType[fatalError](err)
	return !fatal
}

// attempt reads one answer as far as it comes.
func (d *download) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(d.stall, func() {
		cancel(fmt.Errorf("the server sent nothing for %s", d.stall))
	})
	defer watchdog.Stop()
	err := d.answer(ctx, watchdog)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%s: %w", d.client.URL(), context.Cause(ctx))
	}
	return err
}

func (d *download) answer(ctx context.Context, watchdog *time.Timer) error {
	file, err := d.client.File(ctx, d.uuid, d.sums.n, d.mark.Validator)
	if errors.Is(err, imgapi.ErrRange) && d.sums.n > 0 {
		return errors.Join(err, d.restart()) // to be asked again from the start
	}
	if err != nil {
		return err
	}
	defer file.Body.Close()
	if file.Total != imgapi.Unknown && file.Total != d.file.Size {
		return fatalError{fmt.Errorf("%s: the server's file has %d bytes, the manifest declares %d",
			d.client.URL(), file.Total, d.file.Size)}
	}
	if file.Start == 0 && d.sums.n > 0 {
		if err := d.restart(); err != nil {
			return fatalError{err}
		}
	}
	if err := d.remember(file.Validator); err != nil {
		return fatalError{err}
	}
	return d.copy(file.Body, watchdog)
}

func (d *download) remember(validator string) error {
	mark := validators{d.client.URL(), validator}
	if mark == d.mark {
		return nil
	}
	d.mark = mark
	data, err := json.Marshal(mark)
	if err != nil {
		return err
	}
	return atomicfile.Write(d.markPath(), data, 0o600)
}

func (d *download) copy(body io.Reader, watchdog *time.Timer) error {
	buf := make([]byte, 256<<10)
	for d.sums.n < d.file.Size {
		n, err := body.Read(buf[:min(int64(len(buf)), d.file.Size-d.sums.n)])
		watchdog.Reset(d.stall)
		if err := d.write(buf[:n]); err != nil {
			return fatalError{err}
		}
		switch {
		case d.sums.n == d.file.Size:
			return nil // whatever else the server would like to send
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("%s: the connection ended after %d of %d bytes", d.client.URL(), d.sums.n, d.file.Size)
		case err != nil:
			return fmt.Errorf("%s: %w", d.client.URL(), err)
		}
	}
	return nil
}

func (d *download) write(p []byte) error {
	if _, err := d.out.Write(p); err != nil {
		return fail(CodeFile, "download: %w", err)
	}
	if _, err := d.sums.Write(p); err != nil {
		return err
	}
	d.tell(d.sums.n)
	return nil
}

func (d *download) finish() error {
	if err := d.out.Sync(); err != nil {
		return fail(CodeFile, "download: %w", err)
	}
	if err := os.Rename(d.partial(), d.path()); err != nil {
		return fail(CodeFile, "download: %w", err)
	}
	os.Remove(d.markPath())
	return nil
}

// discard removes a part that no other attempt can use.
func (d *download) discard() {
	os.Remove(d.partial())
	os.Remove(d.markPath())
}

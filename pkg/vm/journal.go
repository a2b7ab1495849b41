package vm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/smartbox-os/smartbox/internal/atomicfile"
	"github.com/smartbox-os/smartbox/internal/lock"
	"github.com/smartbox-os/smartbox/internal/strictjson"
	"github.com/smartbox-os/smartbox/pkg/zone"
)

// The operations that a journal may hold.
const (
	opCreate    = "create"    // mended by undoing it
	opProvision = "provision" // waits for the zone; mended by looking
	opUpdate    = "update"    // mended by finishing it
	opDelete    = "delete"    // mended by finishing it
	opRollback  = "rollback"  // mended by finishing it
)

// journal is written before the first step of an operation and removed after
// its last, so that the next command knows what a killed one left. Its owner
// holds the machine's lock meanwhile.
type journal struct {
	Op       string    `json:"op"`
	Zone     string    `json:"zone"`
	Since    time.Time `json:"since"`
	Deadline time.Time `json:"deadline,omitzero"` // of a provision
	Booted   time.Time `json:"booted,omitzero"`   // or a little before: of a provision
	Snapshot string    `json:"snapshot,omitempty"`
	Guarded  bool      `json:"guarded,omitempty"` // of a rollback: it was, and shall be again
	Plan     *plan     `json:"plan,omitempty"`    // of an update
}

const journalEnd = ".json"

// A provision has a file of its own, since it outlasts the command and its lock.
const provisionEnd = ".provision"

func (h *Host) journalDir() string { return filepath.Join(h.root.Lib(), "vm") }

func (h *Host) journalFile(j *journal) string {
	end := journalEnd
	if j.Op == opProvision {
		end = provisionEnd
	}
	return filepath.Join(h.journalDir(), j.Zone+end)
}

func (h *Host) begin(j *journal) error {
	j.Since = h.Now()
	data, err := json.Marshal(j)
	if err != nil {
		return err
	}
	err = atomicfile.Write(h.journalFile(j), data, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(h.journalDir(), 0o755); err != nil {
			return err
		}
		err = atomicfile.Write(h.journalFile(j), data, 0o600)
	}
	return err
}

func (h *Host) end(j *journal) error {
	err := os.Remove(h.journalFile(j))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// journals reads what is under way or was left, nearly always nothing.
func (h *Host) journals() ([]*journal, error) {
	files, err := os.ReadDir(h.journalDir())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []*journal
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") {
			h.sweepHalf(f.Name())
			continue
		}
		j, err := h.readJournal(f.Name())
		if err != nil {
			return nil, err
		}
		if j != nil {
			list = append(list, j)
		}
	}
	return list, nil
}

// sweepHalf removes a journal that its writer did not finish, unless he lives.
func (h *Host) sweepHalf(file string) {
	name, _, ok := strings.Cut(file[1:], journalEnd+".tmp")
	if !ok {
		name, _, ok = strings.Cut(file[1:], provisionEnd+".tmp")
	}
	if !ok || zone.CheckName(name) != nil {
		return
	}
	l, err := lock.Try(h.lockFile(name))
	if err != nil {
		return
	}
	defer h.release(l, name)
	if err := os.Remove(filepath.Join(h.journalDir(), file)); err != nil {
		h.log.Debug("remove half a journal", "file", file, "error", err)
	}
}

func (h *Host) readJournal(file string) (*journal, error) {
	data, err := os.ReadFile(filepath.Join(h.journalDir(), file))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // ended meanwhile
	}
	if err != nil {
		return nil, err
	}
	j := new(journal)
	if err := strictjson.Unmarshal(data, j); err != nil {
		return nil, fmt.Errorf("damaged journal %s: %w", h.root.Display(filepath.Join(h.journalDir(), file)), err)
	}
	return j, zone.CheckName(j.Zone)
}

// lockFile is the lock that an operation on a machine holds from its first step
// to its last.
func (h *Host) lockFile(name string) string {
	return filepath.Join(h.root.Run(), "locks", name+".vm")
}

// hold waits until no other operation works on the machine, mends what a killed
// one left, and keeps others out until release.
func (h *Host) hold(ctx context.Context, name string) (release func(), err error) {
	if err := zone.CheckName(name); err != nil {
		return nil, err
	}
	l, err := lock.Wait(ctx, h.lockFile(name))
	if err != nil {
		return nil, err
	}
	release = func() { h.release(l, name) }
	j, err := h.readJournal(name + journalEnd)
	if err == nil && j != nil {
		err = h.mend(ctx, j)
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// release leaves no lock of a machine that is gone.
func (h *Host) release(l *lock.Lock, name string) {
	end := l.Unlock
	if _, err := os.Lstat(h.configFile(name)); errors.Is(err, os.ErrNotExist) {
		end = l.Remove
	}
	if err := end(); err != nil {
		h.log.Warn("release machine", "zone", name, "error", err)
	}
}

// busy tells what live commands are doing to which zones.
func (h *Host) busy() map[string]string {
	list, err := h.journals()
	if err != nil || len(list) == 0 {
		return nil
	}
	busy := make(map[string]string)
	for _, j := range list {
		if j.Op == opProvision {
			busy[j.Zone] = j.Op
			continue
		}
		if held, err := lock.IsHeld(h.lockFile(j.Zone)); err == nil && held {
			busy[j.Zone] = j.Op
		}
	}
	return busy
}

func (h *Host) doing(name string) string { return h.busy()[name] }

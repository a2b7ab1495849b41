package btrfs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// storeName is the file in the pool's top level that holds all records.
const storeName = "datasets.jsonl"

// header is what the store says of the pool itself.
type header struct {
	Version int               `json:"version"`
	Name    string            `json:"name"`
	GUID    uint64            `json:"guid,string"`
	Quota   btrfs.QuotaMode   `json:"quota"`
	Next    int64             `json:"next"` // id to give next, at least
	Props   map[string]string `json:"props,omitempty"`

	// Seldom written, and left to encoding/json.
	Layout  dataset.Layout `json:"layout,omitempty"`  // empty: a single device
	Members []member       `json:"members,omitempty"` //
	Host    string         `json:"host,omitempty"`    // that has it in use; empty when it was exported
}

// entry is one line of the store: one transaction, whole or, when a crash cut
// it, not there.
type entry struct {
	Pool *header   `json:"pool,omitempty"`
	Put  []*record `json:"put,omitempty"`
	Del  []int64   `json:"del,omitempty"`
}

// check refuses what no program of ours writes: a pool may come from elsewhere.
func (e *entry) check() error {
	for _, r := range e.Put {
		if r == nil || r.ID <= 0 || r.Type == "" || (r.Tree <= 0) != r.isBookmark() {
			return errors.New("a record without id or type")
		}
		if err := dataset.CheckName(r.Name, r.Type); err != nil {
			return fmt.Errorf("%q: %w", r.Name, err)
		}
	}
	return nil
}

// store is the content of a pool's store file.
type store struct {
	pool   header
	byID   map[int64]*record
	byName map[string]*record
	size   int64 // bytes of whole lines

	inode    uint64    // of the store file
	tail     []byte    // lines that are not in the file yet
	promised []*record // by lines of the tail: see tail.go

	altRoot string // below which all mountpoints lie, empty for none
	lines   int
}

const storeVersion = 1

var errStore = errors.New("the pool's list of datasets is damaged")

// readStore reads what is committed. Readers need no lock: lines are only ever
// appended, and compaction replaces the file.
func readStore(dir *os.File) (*store, error) {
	t, hasTail := readTail(dir) // before the file, which may get its lines meanwhile
	f, err := openIn(dir, storeName, os.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errStore, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data := make([]byte, info.Size())
	n, err := io.ReadFull(f, data)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", errStore, err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, errStore
	}
	data, joined := data[:n], false
	if hasTail {
		data, joined = t.join(st.Ino, data)
	}
	s, err := parseStore(data)
	if err != nil {
		return nil, err
	}
	s.inode = st.Ino
	if joined {
		s.size, s.tail = t.After, keptLines(t.Lines)
	}
	return s, nil
}

// keptLines is lines without those that only promise something.
func keptLines(lines []byte) []byte {
	var kept []byte
	for line := range bytes.Lines(lines) {
		if e, err := decodeEntry(bytes.TrimSuffix(line, []byte("\n"))); err == nil && !e.isPromise() {
			kept = append(kept, line...)
		}
	}
	return kept
}

// isPromise reports whether an entry tells what is about to be made.
func (e *entry) isPromise() bool { return len(e.Put) > 0 && e.Put[0].Promised }

func parseStore(data []byte) (*store, error) {
	lines := bytes.Count(data, []byte("\n")) + 1
	s := &store{byID: make(map[int64]*record, lines), byName: make(map[string]*record, lines)}
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			break // cut by a crash: it never was
		}
		e, err := decodeEntry(data[:end])
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", errStore, s.lines+1, err)
		}
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", errStore, s.lines+1, err)
		}
		s.apply(e)
		s.size += int64(end + 1)
		s.lines++
		data = data[end+1:]
	}
	if s.pool.Version != storeVersion {
		return nil, fmt.Errorf("%w: version %d, this program knows %d", errStore, s.pool.Version, storeVersion)
	}
	return s, nil
}

func (s *store) apply(e entry) {
	if e.isPromise() {
		s.promised = append(s.promised, e.Put...)
		for _, r := range e.Put { // its numbers are taken
			s.pool.Next = max(s.pool.Next, r.ID+1, r.Tree+1)
		}
		return
	}
	if e.Pool != nil {
		next := max(s.pool.Next, e.Pool.Next)
		s.pool = *e.Pool
		s.pool.Next = next
	}
	for _, id := range e.Del {
		if old := s.byID[id]; old != nil {
			delete(s.byID, id)
			s.unname(old)
		}
	}
	for _, r := range e.Put {
		if old := s.byID[r.ID]; old != nil {
			s.unname(old)
		}
	}
	for _, r := range e.Put {
		s.byID[r.ID] = r
		s.byName[r.Name] = r
		s.pool.Next = max(s.pool.Next, r.ID+1, r.Tree+1)
	}
}

func (s *store) unname(r *record) {
	if s.byName[r.Name] == r {
		delete(s.byName, r.Name)
	}
}

// next is a fresh id, for a record or a tree.
func (s *store) next() int64 {
	id := s.pool.Next
	s.pool.Next++
	return id
}

// compare orders names as zfs list does: a dataset, its snapshots oldest
// first, its bookmarks, then what comes after it.
func compare(a, b *record) int {
	an, as := dataset.Base(a.Name)
	bn, bs := dataset.Base(b.Name)
	if c := strings.Compare(an, bn); c != 0 {
		return c
	}
	if as == "" || bs == "" {
		return strings.Compare(as, bs)
	}
	return cmp.Or(cmp.Compare(bs[0], as[0]), cmp.Compare(a.TXG, b.TXG), cmp.Compare(a.ID, b.ID))
}

// all is every record that keep wants, in order.
func (s *store) all(keep func(*record) bool) []*record {
	out := make([]*record, 0, len(s.byID))
	for _, r := range s.byID {
		if keep(r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, compare)
	return out
}

// below is every descendant of name, snapshots too.
func (s *store) below(name string) []*record {
	return s.all(func(r *record) bool { return dataset.IsBelow(r.Name, name) })
}

// snapshots of one dataset, oldest first.
func (s *store) snapshots(name string) []*record {
	return s.all(func(r *record) bool { return strings.HasPrefix(r.Name, name+"@") })
}

// bookmarks of one dataset, oldest first.
func (s *store) bookmarks(name string) []*record {
	return s.all(func(r *record) bool { return strings.HasPrefix(r.Name, name+"#") })
}

// wasteful says that rewriting the file would at least halve it.
func (s *store) wasteful() bool { return s.lines > 2*len(s.byID)+100 }

// rewritten is the store as a fresh file: a line per record.
func (s *store) rewritten() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	if err := enc.Encode(entry{Pool: &s.pool}); err != nil {
		return nil, err
	}
	for _, r := range s.all(func(*record) bool { return true }) {
		if err := enc.Encode(entry{Put: []*record{r}}); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// openIn opens a file of dir, following no link.
func openIn(dir *os.File, name string, flags int) (*os.File, error) {
	fd, err := unix.Openat(int(dir.Fd()), name, flags|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: dir.Name() + "/" + name, Err: err}
	}
	return os.NewFile(uintptr(fd), dir.Name()+"/"+name), nil
}

package btrfs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/mnt"
	"github.com/smartbox-os/smartbox/internal/revert"
)

// A new subvolume or snapshot ends in a commit of the whole file system, which
// takes milliseconds; to sync a line of the store beside it would double that.
// So what is about to be made is promised first, in an attribute of the pool's
// top level, which that commit makes last along with the subvolume. The
// attribute is the store's tail: lines that belong behind the file's, until the
// next ordinary commit puts them there.
//
// A promise whose subvolume a crash has kept from coming is void; one whose
// subvolume is there is kept by the next repair.

const (
	tailName = "trusted.smartbox.tail"
	maxTail  = 6 << 10 // btrfs takes some 16K
)

// tail is what the attribute holds.
type tail struct {
	Inode uint64 // of the store file that it continues; compaction makes another
	After int64  // bytes of that file
	Lines []byte
}

func (t *tail) encode() []byte {
	return append(fmt.Appendf(nil, "%d %d\n", t.Inode, t.After), t.Lines...)
}

func decodeTail(data []byte) (t tail, ok bool) {
	head, lines, found := bytes.Cut(data, []byte("\n"))
	n, err := fmt.Sscanf(string(head), "%d %d", &t.Inode, &t.After)
	t.Lines = lines
	return t, found && err == nil && n == 2 && t.After >= 0
}

// readTail reads the attribute; a pool without one has nothing in it.
func readTail(top *os.File) (tail, bool) {
	buf := make([]byte, 2*maxTail)
	n, err := unix.Fgetxattr(int(top.Fd()), tailName, buf)
	if err != nil {
		return tail{}, false
	}
	return decodeTail(buf[:n])
}

// join puts the tail behind the file's lines, unless the file has got further
// or is another by now.
func (t *tail) join(inode uint64, file []byte) (whole []byte, joined bool) {
	if t.Inode != inode || int64(len(file)) < t.After {
		return file, false
	}
	written := file[t.After:]
	if len(written) >= len(t.Lines) || !bytes.HasPrefix(t.Lines, written) {
		return file, false
	}
	return append(file[:t.After:t.After], t.Lines...), true
}

// promise notes records whose subvolumes the kernel is about to make and commit.
// When there is no room for that they are committed afterwards.
func (p *pool) promise(undo *revert.Stack, records ...*record) {
	promised := make([]*record, len(records))
	for i, r := range records {
		promised[i] = r.clone()
		promised[i].Promised = true
	}
	before := p.store.tail
	p.promised = p.setTail(entry{Put: promised}) == nil
	p.store.tail = before // a promise is not kept yet
	if !p.promised {
		return
	}
	undo.Add(func() error {
		p.promised = false
		return p.writeTail(before)
	})
}

// fulfil commits what was promised, or anything else.
func (p *pool) fulfil(e entry) error {
	kept := p.promised
	p.promised = false
	if !kept || p.setTail(e) != nil {
		return p.commit(e)
	}
	p.store.apply(e)
	p.store.lines++
	return nil
}

var errTailFull = errors.New("the store's tail is full")

// setTail adds a line to the tail.
func (p *pool) setTail(e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	lines := append(bytes.Clone(p.store.tail), append(line, '\n')...)
	if len(lines) > maxTail {
		return errTailFull
	}
	if err := p.writeTail(lines); err != nil {
		return err
	}
	p.store.tail = lines
	return nil
}

func (p *pool) writeTail(lines []byte) error {
	t := tail{Inode: p.store.inode, After: p.store.size, Lines: lines}
	if err := unix.Fsetxattr(int(p.top.Fd()), tailName, t.encode(), 0); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// adopt keeps promises whose subvolumes are there, and forgets the others.
func (p *pool) adopt() error {
	promised := p.store.promised
	p.store.promised = nil
	var e entry
	for _, r := range promised {
		_, err := mnt.Identify(p.trees, r.treeName())
		if err != nil || p.store.byID[r.ID] != nil || p.store.byName[r.Name] != nil {
			continue
		}
		kept := r.clone()
		kept.Promised = false
		if err := p.learn(kept); err != nil {
			return err
		}
		e.Put = append(e.Put, kept)
	}
	if len(promised) == 0 {
		return nil
	}
	if err := p.commit(e); err != nil {
		return noSpace(err)
	}
	var errs []error
	for _, r := range e.Put {
		if r.isDataset() {
			errs = append(errs, p.compress(r))
		} else {
			errs = append(errs, p.measure([]*record{r}))
		}
	}
	return errors.Join(errs...)
}

package zstream_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// state is a dataset as of one snapshot.
type state struct {
	*zstream.Receiver
	store *dirStore
}

// pool holds every snapshot that was received, by guid and by name, so that
// incrementals and clones find the one they start from.
type pool struct {
	byGUID map[uint64]state
	byName map[string]state
	last   string
}

// receive applies all of a compound stream.
func (p *pool) receive(t *testing.T, src io.Reader) {
	t.Helper()
	records := zstream.NewReader(src)
	for {
		rec, err := records.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		begin, ok := rec.(*zstream.Begin)
		if !ok {
			continue // the END of the header or of the whole
		}
		if begin.Compound {
			if _, ok := begin.Nvlist["fss"].(zstream.Nvlist); !ok {
				t.Errorf("the header lists no file systems: %v", begin.Nvlist)
			}
			continue
		}
		s := p.start(t, begin)
		if err := s.Apply(records, begin); err != nil {
			t.Fatal(err)
		}
		p.byGUID[begin.ToGUID], p.byName[begin.ToName], p.last = s, s, begin.ToName
	}
}

// start is what a stream builds on: nothing, or a copy of a snapshot.
func (p *pool) start(t *testing.T, begin *zstream.Begin) state {
	t.Helper()
	store := newDirStore(t)
	if begin.FromGUID == 0 {
		return state{zstream.NewReceiver(store), store}
	}
	from, found := p.byGUID[begin.FromGUID]
	if !found {
		t.Fatalf("%s starts from %d, which did not come", begin.ToName, begin.FromGUID)
	}
	if err := os.CopyFS(store.dir, os.DirFS(from.store.dir)); err != nil {
		t.Fatal(err)
	}
	store.MemTable = from.store.Clone()
	return state{zstream.Hold(store, from.Kind(), from.GUID()), store}
}

func TestCompoundStreamsOfSeveralDatasets(t *testing.T) {
	dir := goldenDir(t)
	for _, g := range goldenIndex(t, dir) {
		if g.Expect != "ok" || !several(g) {
			continue
		}
		t.Run(g.Stream+" "+filepath.Base(g.Snapshot), func(t *testing.T) {
			p := &pool{byGUID: map[uint64]state{}, byName: map[string]state{}}
			for _, stream := range append(g.ApplyAfter, g.Stream) {
				p.receive(t, openGzip(t, filepath.Join(dir, stream)))
			}
			name := g.Snapshot
			if name == "" {
				name = p.last
			}
			s, found := p.byName[name]
			if !found {
				t.Fatalf("snapshot %q did not come", name)
			}
			got, err := tree(s.Receiver, s.store)
			if err != nil {
				t.Fatal(err)
			}
			want := manifest(t, filepath.Join(dir, g.Manifest))
			if strings.HasPrefix(g.Stream, "zfs-fuse") {
				fuseLoss(got)
				fuseLoss(want)
			}
			compare(t, got, want)
		})
	}
}

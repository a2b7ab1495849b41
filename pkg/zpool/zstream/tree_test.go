package zstream_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

// line is one path of a manifest, as the mounted original had it.
type line struct {
	Path      string            `json:"path"`
	PathB64   string            `json:"path_b64"`
	Type      string            `json:"type"`
	Mode      string            `json:"mode"`
	UID       uint32            `json:"uid"`
	GID       uint32            `json:"gid"`
	Size      int64             `json:"size"`
	Mtime     string            `json:"mtime"`
	SHA256    string            `json:"sha256"`
	Target    string            `json:"target"`
	Rdev      string            `json:"rdev"`
	Xattrs    map[string]string `json:"xattrs"`
	Nlink     uint64            `json:"nlink"`
	LinkGroup string            `json:"link_group"`
	Object    uint64            `json:"object"`
}

func manifest(t *testing.T, path string) map[string]line {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var lines []line
	if err := json.NewDecoder(z).Decode(&lines); err != nil {
		t.Fatal(err)
	}
	byPath := map[string]line{}
	for _, l := range lines {
		if l.PathB64 != "" {
			l.Path, l.PathB64 = unbase64(l.PathB64), ""
		}
		if len(l.Xattrs) == 0 {
			l.Xattrs = nil
		}
		l.LinkGroup = "" // another order of names may have another first
		byPath[l.Path] = l
	}
	return byPath
}

func unbase64(s string) string {
	p, _ := base64.StdEncoding.DecodeString(s)
	return string(p)
}

var typeNames = map[uint32]string{1: "fifo", 2: "char", 4: "dir", 6: "block", 8: "file", 10: "symlink", 12: "socket"}

// asLine describes an entry the way a manifest does.
func asLine(s *dirStore, e *zstream.Entry) (line, error) {
	l := line{
		Path: e.Path, Type: typeNames[e.Mode>>12], Mode: fmt.Sprintf("%04o", e.Mode&0o7777),
		UID: e.UID, GID: e.GID, Size: e.Size, Target: e.Target, Nlink: e.Links, Object: e.Object,
		Mtime: fmt.Sprintf("%d.%09d", e.ModTime.Unix(), e.ModTime.Nanosecond()),
	}
	for name, value := range e.Xattrs {
		if l.Xattrs == nil {
			l.Xattrs = map[string]string{}
		}
		l.Xattrs[name] = base64.StdEncoding.EncodeToString(value)
	}
	switch l.Type {
	case "char", "block":
		l.Rdev = fmt.Sprintf("%d:%d", e.Major, e.Minor)
	case "file":
		r, err := s.content(e)
		if err != nil {
			return l, err
		}
		h := sha256.New()
		if _, err := io.Copy(h, r); err != nil {
			return l, err
		}
		l.SHA256 = hex.EncodeToString(h.Sum(nil))
	}
	return l, nil
}

// tree is the whole file system that r holds.
func tree(r *zstream.Receiver, s *dirStore) (map[string]line, error) {
	all, first := map[string]line{}, map[uint64]string{}
	return all, r.Walk(func(e *zstream.Entry) error {
		if e.LinkOf != first[e.Object] {
			return fmt.Errorf("%q is a link of %q, not %q", e.Path, first[e.Object], e.LinkOf)
		}
		if e.LinkOf == "" {
			first[e.Object] = e.Path
		}
		if _, twice := all[e.Path]; twice {
			return fmt.Errorf("%q came twice", e.Path)
		}
		l, err := asLine(s, e)
		all[e.Path] = l
		return err
	})
}

// receive applies every snapshot of a stream.
func receive(r *zstream.Receiver, src io.Reader) error {
	records := zstream.NewReader(src)
	for {
		rec, err := records.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if begin, ok := rec.(*zstream.Begin); ok && !begin.Compound {
			if err := r.Apply(records, begin); err != nil {
				return err
			}
		}
	}
}

// compare reports how a tree differs from its manifest.
func compare(t *testing.T, got, want map[string]line) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if g := got[path]; !reflect.DeepEqual(g, want[path]) {
			t.Errorf("%q:\n got %+v\nwant %+v", path, g, want[path])
		}
		delete(got, path)
	}
	for path := range got {
		t.Errorf("%q should not be there", path)
	}
}

// fuseLoss leaves out what the manifests of zfs-fuse do not tell truly: parts
// of seconds, device numbers in another encoding, the root's object.
func fuseLoss(lines map[string]line) {
	for path, l := range lines {
		l.Mtime, _, _ = strings.Cut(l.Mtime, ".")
		l.Rdev = ""
		if path == "." {
			l.Object = 0
		}
		lines[path] = l
	}
}

// several tells the streams that hold more than one dataset.
func several(g golden) bool { return strings.Contains(g.Stream, "-R") }

func TestTreesOfGoldenStreams(t *testing.T) {
	dir := goldenDir(t)
	for _, g := range goldenIndex(t, dir) {
		if g.Expect != "ok" || g.Manifest == "" || several(g) {
			continue
		}
		t.Run(g.Stream, func(t *testing.T) {
			s := newDirStore(t)
			r := zstream.NewReceiver(s)
			for _, stream := range append(g.ApplyAfter, g.Stream) {
				err := receive(r, openGzip(t, filepath.Join(dir, stream)))
				if err != nil && !strings.Contains(stream, "first-part-cut") {
					t.Fatal(err)
				}
			}
			if strings.Contains(g.Stream, "/vol") {
				compareVolume(t, r, s, filepath.Join(dir, g.Manifest))
				return
			}
			got, err := tree(r, s)
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

func compareVolume(t *testing.T, r *zstream.Receiver, s *dirStore, path string) {
	t.Helper()
	var want struct {
		SHA256 string `json:"sha256"`
		Size   int64  `json:"size"`
	}
	if err := json.NewDecoder(openGzip(t, path)).Decode(&want); err != nil {
		t.Fatal(err)
	}
	size, err := r.VolumeSize()
	if err != nil || size != want.Size {
		t.Fatalf("size %d, %v, want %d", size, err, want.Size)
	}
	l, err := asLine(s, &zstream.Entry{Object: 1, Mode: 0o100000, Size: size})
	if err != nil || l.SHA256 != want.SHA256 {
		t.Errorf("content %s, %v, want %s", l.SHA256, err, want.SHA256)
	}
}

func TestHostileTreesAreRefused(t *testing.T) {
	dir := goldenDir(t)
	for _, g := range goldenIndex(t, dir) {
		base := filepath.Base(g.Stream)
		if !strings.HasPrefix(base, "crafted-") || base == "crafted-none.zsend.gz" {
			continue
		}
		t.Run(base, func(t *testing.T) {
			s := newDirStore(t)
			r := zstream.NewReceiver(s)
			err := receive(r, openGzip(t, filepath.Join(dir, g.Stream)))
			if err == nil {
				err = r.Walk(func(*zstream.Entry) error { return nil })
			}
			t.Log(err)
			if sparse := strings.Contains(base, "huge-size"); err == nil && !sparse {
				t.Errorf("accepted, expected %q", g.Expect)
			}
		})
	}
}

func TestTreeOfSmallStream(t *testing.T) {
	s := newDirStore(t)
	r := zstream.NewReceiver(s)
	if err := receive(r, openGzip(t, "testdata/crafted-none.zsend.gz")); err != nil {
		t.Fatal(err)
	}
	got, err := tree(r, s)
	if err != nil {
		t.Fatal(err)
	}
	if l := got["link"]; l.Type != "symlink" || l.Target != "/etc" {
		t.Errorf("link: %+v", l)
	}
	if l := got["dir/file"]; l.Type != "file" || l.Size == 0 {
		t.Errorf("dir/file: %+v", l)
	}
	if err := receive(r, openGzip(t, "testdata/empty.zsend.gz")); err == nil {
		t.Error("a full stream was put over what was there")
	}
}

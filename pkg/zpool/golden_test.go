package zpool_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// golden is one stream that real ZFS wrote.
type golden struct {
	Stream     string   `json:"stream"`
	Expect     string   `json:"expect"`
	Manifest   string   `json:"manifest"`
	Snapshot   string   `json:"snapshot"`
	ApplyAfter []string `json:"apply_after"`
}

// goldenStreams finds them: too many for the repository, they lie beside it,
// or where SMARTBOX_SHARED says.
func goldenStreams(t testing.TB) (dir string, all []golden) {
	t.Helper()
	dirs := []string{os.Getenv("SMARTBOX_SHARED")}
	for dir, _ := os.Getwd(); dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		dirs = append(dirs, filepath.Join(dir, "shared"))
	}
	for _, dir := range dirs {
		dir = filepath.Join(dir, "testdata", "zfs-streams")
		data, err := os.ReadFile(filepath.Join(dir, "index.json"))
		if err != nil {
			continue
		}
		must(t, json.Unmarshal(data, &all))
		return dir, all
	}
	t.Skip("needs the golden ZFS streams: set SMARTBOX_SHARED to the folder that holds testdata/zfs-streams")
	return "", nil
}

func openGzip(t testing.TB, path string) io.Reader {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	must(t, err)
	return z
}

// line is one path of a manifest.
type line struct {
	Path    string            `json:"path"`
	PathB64 string            `json:"path_b64"`
	Type    string            `json:"type"`
	Mode    string            `json:"mode"`
	UID     uint32            `json:"uid"`
	GID     uint32            `json:"gid"`
	Size    int64             `json:"size"`
	Mtime   string            `json:"mtime"`
	SHA256  string            `json:"sha256"`
	Target  string            `json:"target"`
	Rdev    string            `json:"rdev"`
	Xattrs  map[string]string `json:"xattrs"`
	Nlink   uint64            `json:"nlink"`
}

func readManifest(t testing.TB, path string) map[string]line {
	t.Helper()
	var lines []line
	must(t, json.NewDecoder(openGzip(t, path)).Decode(&lines))
	byPath := map[string]line{}
	for _, l := range lines {
		if l.PathB64 != "" {
			p, _ := base64.StdEncoding.DecodeString(l.PathB64)
			l.Path, l.PathB64 = string(p), ""
		}
		maps.DeleteFunc(l.Xattrs, func(_, v string) bool { return len(v) > 20<<10 }) // more than btrfs can store
		if len(l.Xattrs) == 0 {
			l.Xattrs = nil
		}
		if l.Type == "dir" {
			l.Nlink = 0 // btrfs has always one
		}
		byPath[l.Path] = l
	}
	return byPath
}

var typeNames = map[uint32]string{
	unix.S_IFIFO: "fifo", unix.S_IFCHR: "char", unix.S_IFDIR: "dir", unix.S_IFBLK: "block",
	unix.S_IFREG: "file", unix.S_IFLNK: "symlink", unix.S_IFSOCK: "socket",
}

// treeOf describes the files below dir as a manifest does.
func treeOf(t testing.TB, dir string) map[string]line {
	t.Helper()
	all := map[string]line{}
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		l, err := lineOf(path)
		l.Path = rel
		all[rel] = l
		return err
	}))
	return all
}

func lineOf(path string) (line, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return line{}, err
	}
	l := line{
		Type: typeNames[st.Mode&unix.S_IFMT], Mode: fmt.Sprintf("%04o", st.Mode&0o7777), UID: st.Uid, GID: st.Gid,
		Mtime: fmt.Sprintf("%d.%09d", st.Mtim.Sec, st.Mtim.Nsec), Nlink: uint64(st.Nlink),
	}
	var err error
	switch l.Type {
	case "dir":
		l.Nlink = 0
	case "symlink":
		l.Target, err = os.Readlink(path)
		l.Size = st.Size
	case "char", "block":
		l.Rdev = fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
	case "file":
		l.Size = st.Size
		l.SHA256, err = sumOf(path)
	}
	if err == nil {
		l.Xattrs, err = xattrsOf(path)
	}
	return l, err
}

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

func xattrsOf(path string) (map[string]string, error) {
	buf := make([]byte, 64<<10)
	n, err := unix.Llistxattr(path, buf)
	if err != nil {
		return nil, err
	}
	var all map[string]string
	for name := range strings.SplitSeq(strings.TrimRight(string(buf[:n]), "\x00"), "\x00") {
		if name == "" || strings.HasPrefix(name, "btrfs.") {
			continue
		}
		value := make([]byte, 64<<10)
		n, err := unix.Lgetxattr(path, name, value)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = map[string]string{}
		}
		all[name] = base64.StdEncoding.EncodeToString(value[:n])
	}
	return all, nil
}

// compareTrees reports how files differ from their manifest.
func compareTrees(t testing.TB, got, want map[string]line) {
	t.Helper()
	bad := 0
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if g := got[path]; !reflect.DeepEqual(g, want[path]) {
			if bad++; bad < 20 {
				t.Errorf("%.80q:\n got %.600s\nwant %.600s", path, fmt.Sprintf("%+v", g), fmt.Sprintf("%+v", want[path]))
			}
		}
	}
	for path := range got {
		if _, there := want[path]; !there {
			if bad++; bad < 20 {
				t.Errorf("%q should not be there", path)
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d differences", bad)
	}
}

// loseFuse leaves out what the manifests of zfs-fuse do not tell truly.
func loseFuse(lines map[string]line) {
	for path, l := range lines {
		l.Mtime, _, _ = strings.Cut(l.Mtime, ".")
		l.Rdev = ""
		const plainACL = 40 // says no more than the mode, so Linux keeps none
		maps.DeleteFunc(l.Xattrs, func(name, v string) bool { return name == "system.posix_acl_access" && len(v) == plainACL })
		if len(l.Xattrs) == 0 {
			l.Xattrs = nil
		}
		lines[path] = l
	}
}

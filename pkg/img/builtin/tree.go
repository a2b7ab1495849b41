package builtin

import (
	"archive/tar"
	"bytes"
	"embed"
	"io/fs"
	"strings"
	"time"
)

//go:embed all:base
var files embed.FS

// directories of base, parents first. What is empty here and not a zone's own
// data is a mount point that pkg/zone fills at boot: /usr, /etc/alternatives
// and /etc/ssl/certs from the host, /native from smartbox.
func directories() []node {
	var all []node
	for _, d := range []struct {
		names string
		h     tar.Header
	}{
		{"./ dev/ proc/ sys/ run/ native/ usr/ mnt/ media/ home/ opt/ opt/local/ srv/", mode(0o755)},
		{"etc/ etc/alternatives/ etc/default/ etc/pam.d/ etc/profile.d/ etc/skel/ etc/ssl/ etc/ssl/certs/", mode(0o755)},
		{"var/ var/backups/ var/cache/ var/db/ var/empty/ var/lib/ var/lib/misc/ var/log/ var/opt/", mode(0o755)},
		{"var/spool/ var/spool/cron/ var/svc/ var/svc/log/", mode(0o755)},
		{"root/", mode(0o700)},
		{"tmp/ var/tmp/", mode(0o1777)},
		{"var/mail/", group(0o2775, "mail")},
	} {
		for name := range strings.FieldsSeq(d.names) {
			all = append(all, node{name, d.h})
		}
	}
	return all
}

// links lead from the names of old to where things are.
func links() []node {
	to := func(target string) tar.Header {
		return tar.Header{Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777}
	}
	return []node{
		{"bin", to("usr/bin")},
		{"sbin", to("usr/sbin")},
		{"lib", to("usr/lib")},
		{"lib64", to("usr/lib64")},
		{"etc/mtab", to("../proc/self/mounts")},
		{"etc/os-release", to("../usr/lib/os-release")},
		{"etc/localtime", to("/usr/share/zoneinfo/Etc/UTC")},
		{"var/run", to("/run")},
		{"var/lock", to("/run/lock")},
	}
}

// empties are files that are there from the start: logs, which programs write
// only where they exist, and the mount point of the host's linker cache.
func empties() []node {
	return []node{
		{"etc/ld.so.cache", mode(0o644)},
		{"var/log/wtmp", group(0o664, "utmp")},
		{"var/log/btmp", group(0o660, "utmp")},
		{"var/log/lastlog", group(0o664, "utmp")},
	}
}

// node is a name and what is special about it; directories end in a slash.
type node struct {
	name string
	h    tar.Header
}

func mode(m int64) tar.Header { return tar.Header{Mode: m} }

// group is a mode and one of the groups in the image's own /etc/group.
func group(m int64, name string) tar.Header {
	return tar.Header{Mode: m, Gid: map[string]int{"mail": 8, "shadow": 42, "utmp": 43}[name]}
}

// baseArchive writes the tree. Times, owners and the order are fixed, so the
// bytes and their sums are.
func baseArchive() ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, n := range append(append(directories(), links()...), empties()...) {
		if err := n.write(w, nil); err != nil {
			return nil, err
		}
	}
	if err := embedded(w); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func embedded(w *tar.Writer) error {
	return fs.WalkDir(files, "base", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		n := node{strings.TrimPrefix(path, "base/"), mode(0o644)}
		if n.name == "etc/shadow" || n.name == "etc/gshadow" {
			n.h = group(0o640, "shadow")
		}
		return n.write(w, data)
	})
}

func (n node) write(w *tar.Writer, data []byte) error {
	h := n.h
	h.Name, h.Size, h.Format = n.name, int64(len(data)), tar.FormatUSTAR
	h.ModTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if h.Typeflag == 0 && strings.HasSuffix(n.name, "/") {
		h.Typeflag = tar.TypeDir
	}
	if err := w.WriteHeader(&h); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

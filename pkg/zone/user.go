package zone

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/internal/beneath"
)

// user is who a command in a zone runs as, by the zone's own account files.
type user struct {
	name   string
	uid    uint32
	gid    uint32
	groups []uint32 // gid first
	home   string
	shell  string
}

// maxAccounts bounds what is read of a zone's account files.
const maxAccounts = 4 << 20

// lastID is the highest id that a zone has.
const lastID = 65535

// findUser looks name (or a number) up in the account files below root, a
// directory whose content is the zone's to choose. Root is there in any case.
func findUser(root, name string) (user, error) {
	if name == "" {
		name = "root"
	}
	tree, err := beneath.Open(root)
	if err != nil {
		return user{}, err
	}
	defer tree.Close()
	passwd, err := accounts(tree, "etc/passwd")
	if err != nil {
		return user{}, err
	}
	u, ok := parsePasswd(passwd, name)
	switch {
	case ok:
	case name == "root":
		u = user{name: name, home: "/root"}
	default:
		return user{}, fmt.Errorf("user %q is not in the zone's /etc/passwd", name)
	}
	group, err := accounts(tree, "etc/group")
	if err != nil {
		return user{}, err
	}
	u.groups = append([]uint32{u.gid}, parseGroups(group, u)...)
	return u, nil
}

// accounts reads an account file; one that is missing is empty.
func accounts(tree *beneath.Tree, name string) ([]byte, error) {
	f, err := tree.Read(name)
	if err != nil {
		return nil, nil //nolint:nilerr // no file, or none that may be followed: nobody is known
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxAccounts))
	if err != nil {
		return nil, fmt.Errorf("read the zone's /%s: %w", name, err)
	}
	return data, nil
}

func parsePasswd(passwd []byte, name string) (user, bool) {
	for fields := range records(passwd, 7) {
		uid, err1 := id(fields[2])
		gid, err2 := id(fields[3])
		if (fields[0] != name && fields[2] != name) || errors.Join(err1, err2) != nil {
			continue
		}
		u := user{name: fields[0], uid: uid, gid: gid, home: fields[5], shell: fields[6]}
		if !path.IsAbs(u.home) {
			u.home = "/"
		}
		if !path.IsAbs(u.shell) {
			u.shell = ""
		}
		return u, true
	}
	return user{}, false
}

func parseGroups(group []byte, u user) []uint32 {
	var list []uint32
	for fields := range records(group, 4) {
		gid, err := id(fields[2])
		if err != nil || gid == u.gid || len(list) > 1000 {
			continue
		}
		for member := range strings.SplitSeq(fields[3], ",") {
			if member == u.name {
				list = append(list, gid)
				break
			}
		}
	}
	return list
}

// records yields the lines of an account file that have n fields.
func records(data []byte, n int) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		lines := bufio.NewScanner(bytes.NewReader(data))
		for lines.Scan() {
			fields := strings.Split(lines.Text(), ":")
			if len(fields) == n && !strings.Contains(lines.Text(), "\x00") && !yield(fields) {
				return
			}
		}
	}
}

func id(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err == nil && n > lastID {
		err = fmt.Errorf("id %d is above %d", n, lastID)
	}
	return uint32(n), err
}

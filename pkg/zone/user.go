package zone

import (
	"fmt"
	"io"

	"github.com/smartbox-os/smartbox/internal/beneath"
	"github.com/smartbox-os/smartbox/pkg/zone/internal/account"
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

// maxGroups is how many groups an account of a zone may have.
const maxGroups = 1000

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
	a, ok := account.Find(passwd, []byte(name))
	u := user{name: string(a.Name), uid: a.UID, gid: a.GID, home: string(a.Home), shell: string(a.Shell)}
	switch {
	case ok:
	case name == "root":
		u.name, u.home = name, "/root"
		a.Name = []byte(name)
	default:
		return user{}, fmt.Errorf("user %q is not in the zone's /etc/passwd", name)
	}
	group, err := accounts(tree, "etc/group")
	if err != nil {
		return user{}, err
	}
	u.groups = account.Groups(append(make([]uint32, 0, maxGroups), u.gid), group, a)
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

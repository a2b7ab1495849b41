// Package account reads passwd(5) and group(5) as a zone has them, whose root
// may have written anything. It allocates nothing and calls nothing, since it
// also runs where there is no Go runtime (package door).
package account

// Account is a line of passwd(5). Its strings lie in the text it was found in.
type Account struct {
	Name     []byte
	UID, GID uint32
	Home     []byte // absolute
	Shell    []byte // absolute, or empty
}

// LastID is the highest id that a zone has.
const LastID = 65535

const (
	passwdFields = 7
	groupFields  = 4
)

// root is where who has no home begins.
var root = [1]byte{'/'}

// Find looks up a name, or a number, in the text of /etc/passwd. Lines that make
// no sense are nobody's.
func Find(passwd, name []byte) (a Account, ok bool) {
	var f [passwdFields][]byte
	for len(passwd) > 0 {
		var line []byte
		line, passwd = cut(passwd, '\n')
		if !split(line, f[:]) || !equal(f[0], name) && !equal(f[2], name) {
			continue
		}
		uid, ok1 := id(f[2])
		gid, ok2 := id(f[3])
		if !ok1 || !ok2 {
			continue
		}
		a = Account{Name: f[0], UID: uid, GID: gid, Home: f[5], Shell: f[6]}
		if !absolute(a.Home) {
			a.Home = root[:]
		}
		if !absolute(a.Shell) {
			a.Shell = nil
		}
		return a, true
	}
	return a, false
}

// Groups adds to list, as far as its capacity goes, the ids of the groups in the
// text of /etc/group that have the account as a member, but not its own group.
func Groups(list []uint32, group []byte, a Account) []uint32 {
	var f [groupFields][]byte
	for len(group) > 0 && len(list) < cap(list) {
		var line []byte
		line, group = cut(group, '\n')
		if !split(line, f[:]) {
			continue
		}
		gid, ok := id(f[2])
		if ok && gid != a.GID && member(f[3], a.Name) {
			list = list[:len(list)+1]
			list[len(list)-1] = gid
		}
	}
	return list
}

func member(list, name []byte) bool {
	for {
		var one []byte
		last := index(list, ',') < 0
		one, list = cut(list, ',')
		if equal(one, name) {
			return true
		}
		if last {
			return false
		}
	}
}

// split cuts a line into exactly as many fields as there is room for.
func split(line []byte, fields [][]byte) bool {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	if index(line, 0) >= 0 {
		return false
	}
	for i := range fields {
		if more := index(line, ':') >= 0; more == (i == len(fields)-1) {
			return false
		}
		fields[i], line = cut(line, ':')
	}
	return true
}

// cut returns what comes before and after the first sep, all when there is none.
func cut(s []byte, sep byte) (before, after []byte) {
	if i := index(s, sep); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, nil
}

func index(s []byte, b byte) int {
	for i, c := range s {
		if c == b {
			return i
		}
	}
	return -1
}

func equal(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func absolute(path []byte) bool { return len(path) > 0 && path[0] == '/' }

// id is a decimal number that a zone can have as an id.
func id(s []byte) (n uint32, ok bool) {
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + uint32(c-'0'); n > LastID {
			return 0, false
		}
	}
	return n, len(s) > 0
}

package vnic

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/smartbox-os/smartbox/internal/paths"
)

// Kernel names have at most 15 bytes and are shared by all roots of a network
// namespace, so they are a class letter and a hash of root and name. What a
// link is stands in its alias.
const (
	classBridge = "b" // etherstub, or the switch over a tag
	classVLAN   = "t" // tagged sub-interface of a physical link
	classVNIC   = "v" // vnic of the global zone
	classPort   = "p" // the end of such a vnic that sits on the bridge
	classZone   = "z" // host end of a zone's nic
)

var hash32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// kernelName is 13 bytes long: "sb", the class, 50 bits of hash.
func kernelName(root paths.Root, class string, words ...string) string {
	sum := sha256.Sum256([]byte(root.ID() + "\x00" + strings.Join(words, "\x00")))
	return "sb" + class + hash32.EncodeToString(sum[:])[:10]
}

// isKernelName reports whether name looks as if kernelName had made it.
func isKernelName(name string) bool {
	return len(name) == 13 && strings.HasPrefix(name, "sb") && isWord(name)
}

// CheckLinkName says what is wrong with a link's name: letters, digits and
// underscores, a letter first, a number without leading zero last.
func CheckLinkName(name string) error {
	digits := len(name) - len(strings.TrimRight(name, "0123456789"))
	number := name[len(name)-digits:]
	switch {
	case len(name) > maxLinkName:
		return fmt.Errorf("link name %q is longer than %d characters", name, maxLinkName)
	case !isWord(name) || !isLetter(name[0]):
		return fmt.Errorf("link name %q must be letters, digits and underscores, with a letter first", name)
	case digits == 0:
		return fmt.Errorf("link name %q must end in a number", name)
	case len(number) > 1 && number[0] == '0':
		return fmt.Errorf("link name %q must end in a number without leading zeros", name)
	case len(number) > 10 || len(number) == 10 && number > "4294967294":
		return fmt.Errorf("link name %q must end in a number up to 4294967294", name)
	}
	return nil
}

const maxLinkName = 31

func isWord(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return s != ""
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// checkNICName guards what becomes a name in the zone and a part of paths
// below /proc/sys.
func checkNICName(name string) error {
	if len(name) > 15 || !isWord(strings.ReplaceAll(name, "-", "_")) {
		return fmt.Errorf("interface name %q must be up to 15 letters, digits, dashes and underscores", name)
	}
	return nil
}

// label is what a link's alias says about it.
type label struct {
	root string
	link string // dladm's name of a link of the global zone
	zone string
	nic  string // name inside the zone
	over string
	vid  string
	mac  string // the zone's end cannot be asked from outside
}

const labelMark = "smartbox"

func (l label) String() string {
	var b strings.Builder
	b.WriteString(labelMark)
	for _, f := range l.fields() {
		if *f.value != "" {
			b.WriteString(" " + f.key + "=" + *f.value)
		}
	}
	return b.String()
}

type labelField struct {
	key   string
	value *string
}

func (l *label) fields() []labelField {
	return []labelField{
		{"root", &l.root},
		{"link", &l.link},
		{"zone", &l.zone},
		{"nic", &l.nic},
		{"over", &l.over},
		{"vid", &l.vid},
		{"mac", &l.mac},
	}
}

// parseLabel reads an alias; ok is false for links that are not ours.
func parseLabel(alias string) (l label, ok bool) {
	words := strings.Fields(alias)
	if len(words) == 0 || words[0] != labelMark {
		return label{}, false
	}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		for _, f := range l.fields() {
			if f.key == key {
				*f.value = value
			}
		}
	}
	return l, true
}

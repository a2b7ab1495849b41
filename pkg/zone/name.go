package zone

import (
	"errors"
	"fmt"
	"strings"
)

// Global is the name of the host's own, global zone.
const Global = "global"

// maxName is the longest name of a zone, in bytes.
const maxName = 63

// CheckName says what is wrong with a zone's name. Names become file names, so
// everything that takes one from outside checks it first.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("a zone needs a name")
	case len(name) > maxName:
		return fmt.Errorf("zone name is %d bytes long, at most %d are possible", len(name), maxName)
	case name == Global || strings.HasPrefix(name, "SUNW"):
		return fmt.Errorf("zone name %q is reserved", name)
	case !alnum(name[0]):
		return fmt.Errorf("zone name %q must begin with a letter or digit", name)
	}
	for i := range len(name) {
		if c := name[i]; !alnum(c) && c != '_' && c != '-' && c != '.' {
			return fmt.Errorf("zone name %q may only have letters, digits, '_', '-' and '.'", name)
		}
	}
	return nil
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

package vm

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// refused are the properties without which a machine would not be what was
// asked for, so that a warning is not enough.
var refused = map[Action][]string{
	Create: {"docker", "delegate_dataset", "indestructible_delegated"},
	Update: {"indestructible_delegated"},
}

// honest says what of a settled payload this host cannot do: an error for what
// a machine must not be made without, warnings for what is only kept.
func (p Payload) honest(action Action) (warnings []string, err error) {
	for _, name := range refused[action] {
		if p.truth(name) {
			return nil, fmt.Errorf("%s: not yet supported on this host", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p)) {
		row, ok := Lookup(name)
		if ok && row.Pending && row.Class != Foreign && name != "docker" && significant(p[name]) {
			warnings = append(warnings, name+" is kept, but not yet supported on this host")
		}
	}
	if want := p.str("kernel_version"); want != "" {
		if have := kernelRelease(); older(have, want) {
			warnings = append(warnings, fmt.Sprintf("kernel_version %s is recorded only; uname shows the host kernel, %s", want, have))
		}
	}
	return warnings, nil
}

func significant(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case string:
		return v != ""
	case []string:
		return len(v) > 0
	}
	return true
}

func kernelRelease() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// older compares the leading numbers of two kernel releases.
func older(have, want string) bool {
	h, w := releaseNumbers(have), releaseNumbers(want)
	return slices.Compare(h, w) < 0 && len(h) > 0 && len(w) > 0
}

func releaseNumbers(release string) []int {
	end := strings.IndexFunc(release, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end >= 0 {
		release = release[:end]
	}
	var numbers []int
	for part := range strings.SplitSeq(release, ".") {
		if n, err := strconv.Atoi(part); err == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

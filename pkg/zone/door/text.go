package door

import "unsafe"

// is reports whether b is s.
func is(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		if b[i] != s[i] {
			return false
		}
	}
	return true
}

func index(b []byte, c byte) int {
	for i := range b {
		if b[i] == c {
			return i
		}
	}
	return -1
}

func has(s string, c byte) bool {
	for i := range len(s) {
		if s[i] == c {
			return true
		}
	}
	return false
}

// find is where s begins in b, -1 for nowhere.
func find(b []byte, s string) int {
	for i := 0; i+len(s) <= len(b); i++ {
		if is(b[i:i+len(s)], s) {
			return i
		}
	}
	return -1
}

// ofC is a C string that the kernel or we made, without its NUL.
func ofC(s *byte) []byte {
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(s), n)) != 0 {
		n++
	}
	return unsafe.Slice(s, n)
}

// unsigned reads a number that all of b is.
func unsigned(b []byte, base uint64) (n uint64, ok bool) {
	for _, c := range b {
		d := uint64(c - '0')
		if c >= 'a' && c <= 'f' {
			d = uint64(c-'a') + 10
		}
		if d >= base {
			return 0, false
		}
		n = n*base + d
	}
	return n, len(b) > 0
}

// arena is room for the C strings of one way into a zone.
type arena struct {
	bytes [96 << 10]byte
	used  int
	full  bool
}

func (a *arena) put(b []byte) {
	if len(b) > len(a.bytes)-a.used {
		a.full = true
		return
	}
	a.used += copy(a.bytes[a.used:], b)
}

func (a *arena) say(s string) {
	if len(s) > len(a.bytes)-a.used {
		a.full = true
		return
	}
	a.used += copy(a.bytes[a.used:], s)
}

// decimal writes a number.
func (a *arena) decimal(n uint64) {
	var digits [20]byte
	i := len(digits)
	for {
		i--
		digits[i] = byte('0' + n%10)
		if n /= 10; n == 0 || i == 0 {
			break
		}
	}
	a.put(digits[i:])
}

// begin is where the next string begins.
func (a *arena) begin() int { return a.used }

// end ends the string that began there.
func (a *arena) end(begin int) *byte {
	if a.full || a.used >= len(a.bytes) || begin < 0 || begin >= len(a.bytes) {
		a.full = true
		return &a.bytes[0]
	}
	a.bytes[a.used] = 0
	a.used++
	return &a.bytes[begin]
}

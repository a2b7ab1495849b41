package format

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Value is what a conversion shows.
type Value struct {
	Int    uint64
	Signed bool
	Float  bool // Int is the bits of a floating-point number
	Size   int  // bytes that the value's type has
	Str    string
	IsStr  bool
}

// SetWidth sets a width from a value; a negative one means flush left.
func (p *Part) SetWidth(n int) {
	if n < 0 {
		p.Flags += "-"
		n = -n
	}
	p.Width, p.HasWidth = n, true
}

// Format writes a value.
func (p Part) Format(v Value) string {
	switch p.Verb {
	case 's', 'S', 'k':
		return p.pad(p.text(v))
	case 'c':
		return p.pad(string([]byte{byte(v.Int)}))
	case 'C':
		return p.pad(escape(string([]byte{byte(v.Int)})))
	case 'Y', 'T', 'y':
		return p.pad(time.Unix(0, int64(v.Int)).Format("2006 Jan _2 15:04:05"))
	case 'e', 'E', 'f', 'g', 'G':
		return p.float(v)
	case 'a', 'A', 'p':
		if v.IsStr {
			return p.pad(v.Str)
		}
		return p.pad(fmt.Sprintf("0x%x", v.Int))
	}
	return p.integer(v)
}

// float is e f g and their kin; an integer is shown as one too.
func (p Part) float(v Value) string {
	x := float64(v.Int)
	switch {
	case v.Float && v.Size == 4:
		x = float64(math.Float32frombits(uint32(v.Int)))
	case v.Float:
		x = math.Float64frombits(v.Int)
	case v.Signed:
		x = float64(int64(v.Int))
	}
	prec := 6
	if p.HasPrec {
		prec = p.Prec
	}
	sign := ""
	if p.flag("+") && x >= 0 {
		sign = "+"
	}
	return p.pad(sign + strconv.FormatFloat(x, p.Verb, prec, 64))
}

func (p Part) text(v Value) string {
	s := v.Str
	if !v.IsStr {
		s = fmt.Sprintf("0x%x", v.Int)
	}
	if p.HasPrec && p.Prec < len(s) {
		s = s[:p.Prec]
	}
	if p.Verb == 'S' {
		s = escape(s)
	}
	return s
}

func escape(s string) string {
	q := fmt.Sprintf("%q", s)
	return strings.ReplaceAll(q[1:len(q)-1], `\x00`, `\0`)
}

func (p Part) flag(f string) bool { return strings.Contains(p.Flags, f) }

func (p Part) pad(s string) string {
	gap := max(0, p.Width-len(s))
	if p.flag("-") {
		return s + strings.Repeat(" ", gap)
	}
	return strings.Repeat(" ", gap) + s
}

// integer is d i o u x X; the value is cut to the size of the argument's type,
// or to what the conversion names.
func (p Part) integer(v Value) string {
	size := v.Size
	switch p.Size {
	case "h":
		size = 2
	case "hh":
		size = 1
	}
	n := v.Int
	if size < 8 {
		n &= 1<<(8*size) - 1
	}
	sign := ""
	if p.Verb == 'd' || p.Verb == 'i' || p.Verb == 'D' {
		n, sign = p.sign(n, size, v.Signed)
	}
	return p.compose(sign, p.digits(n), n)
}

func (p Part) sign(n uint64, size int, signed bool) (uint64, string) {
	shift := 64 - 8*size
	if s := int64(n<<shift) >> shift; s < 0 && signed {
		return uint64(-s), "-"
	}
	switch {
	case p.flag("+"):
		return n, "+"
	case p.flag(" "):
		return n, " "
	}
	return n, ""
}

func (p Part) digits(n uint64) string {
	var s string
	switch p.Verb {
	case 'x':
		s = fmt.Sprintf("%x", n)
	case 'X':
		s = fmt.Sprintf("%X", n)
	case 'o':
		s = fmt.Sprintf("%o", n)
	default:
		s = fmt.Sprint(n)
		if p.flag("'") {
			s = group(s)
		}
	}
	if p.HasPrec && p.Prec > len(s) {
		s = strings.Repeat("0", p.Prec-len(s)) + s
	}
	return s
}

func group(s string) string {
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (p Part) compose(sign, digits string, n uint64) string {
	if p.flag("#") && n != 0 {
		switch p.Verb {
		case 'x':
			sign += "0x"
		case 'X':
			sign += "0X"
		case 'o':
			sign += "0"
		}
	}
	if p.flag("0") && !p.flag("-") && !p.HasPrec {
		if gap := p.Width - len(sign) - len(digits); gap > 0 {
			digits = strings.Repeat("0", gap) + digits
		}
	}
	return p.pad(sign + digits)
}

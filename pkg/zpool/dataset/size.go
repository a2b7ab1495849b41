package dataset

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

const units = "BKMGTPEZ"

// ParseSize reads 10G, 1.5T, 512, 10GB, 10GiB as zfs(8) does.
func ParseSize(s string) (int64, error) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.') {
		i++
	}
	number, suffix := s[:i], strings.ToUpper(s[i:])
	if number == "" || number == "." {
		return 0, As(ErrProperty, "bad numeric value '%s'", s)
	}
	shift, err := unitShift(suffix)
	if err != nil {
		return 0, err
	}
	value, ok := new(big.Rat).SetString(number)
	if !ok {
		return 0, As(ErrProperty, "bad numeric value '%s'", s)
	}
	value.Mul(value, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(shift))))
	n := new(big.Int).Quo(value.Num(), value.Denom())
	if !n.IsInt64() {
		return 0, As(ErrProperty, "numeric value is too large")
	}
	return n.Int64(), nil
}

func unitShift(suffix string) (int, error) {
	if suffix == "" {
		return 0, nil
	}
	i := strings.IndexByte(units, suffix[0])
	rest := suffix[1:]
	if i < 0 || rest != "" && rest != "B" && rest != "IB" || i == 0 && rest != "" {
		return 0, As(ErrProperty, "invalid numeric suffix '%s'", suffix)
	}
	return 10 * i, nil
}

// HumanSize rounds bytes as zfs(8) prints them: 0B, 512B, 1.50G, 10.2T, 100M.
func HumanSize(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + "B"
	}
	i := 0
	for u := n; u >= 1024; u >>= 10 {
		i++
	}
	unit := int64(1) << (10 * i)
	if n%unit == 0 {
		return fmt.Sprintf("%d%c", n/unit, units[i])
	}
	value := float64(n) / float64(unit)
	for precision := 2; precision > 0; precision-- {
		if s := fmt.Sprintf("%.*f%c", precision, value, units[i]); len(s) <= 5 {
			return s
		}
	}
	return fmt.Sprintf("%.0f%c", value, units[i])
}

package dataset

import (
	"math"
	"testing"
)

func TestHumanSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0B", 1: "1B", 1023: "1023B", 1024: "1K", 1536: "1.50K", 10 << 10: "10K", 10240 + 512: "10.5K",
		102400 + 512: "100K", 432 << 10: "432K", 1 << 20: "1M", 1<<30 - 1: "1024M", 1 << 30: "1G",
		9878424780: "9.20G", 3 << 40: "3T", 1 << 50: "1P", math.MaxInt64: "8.00E",
	} {
		if got := HumanSize(n); got != want {
			t.Errorf("HumanSize(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "512": 512, "10G": 10 << 30, "10g": 10 << 30, "1.5T": 3 << 39, "10GB": 10 << 30, "10GiB": 10 << 30,
		"7E": 7 << 60, "0.5K": 512, "100B": 100,
	} {
		if got, err := ParseSize(s); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", "G", "-1", "1X", "1GG", "1.2.3", ".", "9E", "1e3", "0x10", " 1", "1BB"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("ParseSize(%q) = %d; want an error", s, got)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	f.Add("1.5T")
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := ParseSize(s); err == nil && n < 0 {
			t.Errorf("ParseSize(%q) = %d", s, n)
		}
	})
}

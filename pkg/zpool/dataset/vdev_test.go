package dataset

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseVdevs(t *testing.T) {
	for words, want := range map[string]string{
		"a":                         "single [a]",
		"a b c":                     "stripe [a b c]",
		"mirror a b":                "mirror [a b]",
		"mirror a b c d":            "mirror [a b c d]",
		"mirror a b mirror c d":     "stripe-mirrors [a b c d]",
		"":                          "at least one toplevel vdev",
		"mirror a":                  "at least 2 devices",
		"mirror a b mirror":         "at least 2 devices",
		"a mirror b c":              "mirrors and single devices",
		"mirror a b c d e":          "more than 4 devices",
		"mirror a b c mirror d e f": "several mirrors of more than 2",
		"raidz a b c":               "use mirror",
		"raidz2 a b c d":            "use mirror",
		"a log b":                   "'log' devices",
		"a a":                       "named twice",
	} {
		layout, devices, err := ParseVdevs(strings.Fields(words))
		got := fmt.Sprint(layout, " ", devices)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
	}
}

func TestLayout_groups(t *testing.T) {
	devices := make([]Device, 4)
	for layout, want := range map[Layout]int{Single: 4, Stripe: 4, Mirror: 1, Mirrors: 2} {
		if got := len(layout.Groups(devices)); got != want {
			t.Errorf("%s: %d groups, want %d", layout, got, want)
		}
	}
	if n := len(Mirror.Groups(nil)); n != 0 {
		t.Errorf("no devices make %d groups", n)
	}
}

func FuzzParseVdevs(f *testing.F) {
	f.Add("mirror a b mirror c d")
	f.Fuzz(func(t *testing.T, words string) {
		layout, devices, err := ParseVdevs(strings.Fields(words))
		if err != nil {
			if !errors.Is(err, ErrProperty) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("%v is no known condition", err)
			}
			return
		}
		if len(devices) == 0 || layout == Mirrors && len(devices)%2 != 0 {
			t.Errorf("%q: %s %v", words, layout, devices)
		}
	})
}

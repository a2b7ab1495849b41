package manifest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

func checkUUID(s string) string {
	if IsUUID(s) {
		return ""
	}
	return fmt.Sprintf("%s is not a lower-case uuid", quote(s))
}

// checkWord allows letters, digits and the marks, up to most bytes.
func checkWord(most int, marks string) func(string) string {
	return func(s string) string {
		if s == "" {
			return "is empty"
		}
		if msg := checkLength(most)(s); msg != "" {
			return msg
		}
		for _, r := range s {
			plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
			if !plain && !strings.ContainsRune(marks, r) {
				return fmt.Sprintf("%s has the character %q; letters, digits and %q are allowed", quote(s), r, marks)
			}
		}
		return ""
	}
}

func checkLength(most int) func(string) string {
	return func(s string) string {
		if len(s) > most {
			return fmt.Sprintf("is %d bytes long, at most %d are allowed", len(s), most)
		}
		return ""
	}
}

func checkURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Sprintf("%s is not an http or https URL", quote(s))
	}
	return checkLength(1024)(s)
}

func checkTime(s string) string {
	if strings.HasSuffix(s, "Z") {
		for _, layout := range []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z"} {
			if _, err := time.Parse(layout, s); err == nil {
				return ""
			}
		}
	}
	return fmt.Sprintf("%s is not a time like 2026-01-31T23:59:59Z", quote(s))
}

func oneOf(allowed []string) func(string) string {
	return func(s string) string {
		if slices.Contains(allowed, s) {
			return ""
		}
		return fmt.Sprintf("%s is not one of %s", quote(s), strings.Join(allowed, ", "))
	}
}

// quote is %q of a string short enough for a message.
func quote(s string) string {
	const most = 60
	if len(s) <= most {
		return fmt.Sprintf("%q", s)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%q...", s[:cut])
}

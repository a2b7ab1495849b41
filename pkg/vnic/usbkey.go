package vnic

import (
	"slices"
	"strings"
)

// usbkey is the node's configuration file: KEY=value lines. Lines that are not
// ours are kept as they are.
type usbkey struct{ lines []string }

func parseUsbkey(data []byte) *usbkey {
	text := strings.TrimSuffix(string(data), "\n")
	if text == "" {
		return &usbkey{}
	}
	return &usbkey{strings.Split(text, "\n")}
}

func (u *usbkey) bytes() []byte {
	if len(u.lines) == 0 {
		return nil
	}
	return []byte(strings.Join(u.lines, "\n") + "\n")
}

// entry is one setting, with what quotes it had removed.
type entry struct{ key, value string }

// parseSetting reads a line; ok is false for comments and the like.
func parseSetting(line string) (e entry, ok bool) {
	key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
	if !ok || !isWord(strings.NewReplacer("-", "_", ".", "_").Replace(key)) {
		return entry{}, false
	}
	value = strings.TrimSpace(value)
	if n := len(value); n >= 2 && value[0] == value[n-1] && (value[0] == '"' || value[0] == '\'') {
		value = value[1 : n-1]
	}
	return entry{key, value}, true
}

// settings lists all, in the order of the file.
func (u *usbkey) settings() []entry {
	var all []entry
	for _, line := range u.lines {
		if e, ok := parseSetting(line); ok {
			all = append(all, e)
		}
	}
	return all
}

// get returns the last setting of key, as a shell that sources the file would
// see it.
func (u *usbkey) get(key string) (string, bool) {
	value, found := "", false
	for _, e := range u.settings() {
		if e.key == key {
			value, found = e.value, true
		}
	}
	return value, found
}

// set replaces the setting of key where it stands, or adds it at the end.
func (u *usbkey) set(key, value string) {
	line := key + "=" + value
	for i := len(u.lines) - 1; i >= 0; i-- {
		if e, ok := parseSetting(u.lines[i]); ok && e.key == key {
			u.lines[i] = line
			return
		}
	}
	u.lines = append(u.lines, line)
}

// unset removes every setting of key.
func (u *usbkey) unset(key string) {
	u.lines = slices.DeleteFunc(u.lines, func(line string) bool {
		e, ok := parseSetting(line)
		return ok && e.key == key
	})
}

// list is a setting that holds names with commas between.
func (u *usbkey) list(key string) []string {
	value, _ := u.get(key)
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
}

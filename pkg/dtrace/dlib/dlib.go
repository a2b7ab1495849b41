// Package dlib is the library of D that every program may use: the types of
// probes' arguments, what they are made of, and names of constants. It is text;
// a program compiles only the file that declares a name which it uses, so that
// what this kernel does not have troubles nobody else.
package dlib

import (
	"embed"
	"runtime"
	"strings"
	"sync"
)

//go:embed *.d
var files embed.FS

// index finds the file of each name that one declares.
var index = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	list, err := files.ReadDir(".")
	if err != nil {
		return names // there is always the directory that was embedded
	}
	for _, e := range list {
		if _, arch, ok := strings.Cut(strings.TrimSuffix(e.Name(), ".d"), "_"); ok && arch != runtime.GOARCH {
			continue
		}
		text, err := files.ReadFile(e.Name())
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if name := declared(line); name != "" {
				names[name] = e.Name()
			}
		}
	}
	return names
})

// declared is the name that a line of the library declares: each is on a line
// of its own.
func declared(line string) string {
	line = strings.TrimRight(line, "\n")
	switch {
	case strings.HasPrefix(line, "inline "):
		line, _, _ = strings.Cut(line, " =")
		line, _, _ = strings.Cut(line, "[")
		return strings.TrimLeft(line[strings.LastIndexByte(line, ' ')+1:], "*")
	case strings.HasPrefix(line, "} ") && strings.HasSuffix(line, "_t;"):
		return strings.TrimSuffix(line[2:], ";")
	case strings.HasPrefix(line, "typedef ") && strings.HasSuffix(line, ";"):
		return strings.TrimSuffix(line[strings.LastIndexByte(line, ' ')+1:], ";")
	}
	return ""
}

// Text is the file that declares a name; "" for a name that none does.
func Text(name string) string {
	file, ok := index()[name]
	if !ok {
		return ""
	}
	text, err := files.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(text)
}

// Names are all names that the library declares.
func Names() []string {
	var all []string
	for name := range index() {
		all = append(all, name)
	}
	return all
}

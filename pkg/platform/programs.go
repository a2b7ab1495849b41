package platform

import (
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Program is a program of a distribution: its path there, and the directory
// where that distribution lies ("" is this host).
type Program struct {
	Path string
	Root string
	As   string // its path in the image; Path when empty
}

// libraryDirs are where the dynamic loader looks when it has no cache.
var libraryDirs = []string{
	"lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu",
	"lib64", "usr/lib64", "lib", "usr/lib",
}

// programs adds the programs and every library that they need.
func (a archive) programs(s *Spec) error {
	need := map[string]string{} // place in the image -> file here
	for _, p := range s.Programs {
		place := p.As
		if place == "" {
			place = p.Path
		}
		if err := gather(need, p.Root, strings.TrimPrefix(place, "/"), strings.TrimPrefix(p.Path, "/")); err != nil {
			return fmt.Errorf("program %s: %w", p.Path, err)
		}
	}
	for _, place := range slices.Sorted(maps.Keys(need)) {
		if err := a.fromFile(place, 0o755, need[place]); err != nil {
			return err
		}
	}
	return nil
}

// gather adds the file of a name below root, and what it needs.
func gather(need map[string]string, root, place, name string) error {
	if _, ok := need[place]; ok {
		return nil
	}
	file, err := filepath.EvalSymlinks(filepath.Join("/", root, name))
	if err != nil {
		return err
	}
	need[place] = file
	libs, loader, err := needed(file)
	if err != nil {
		return err
	}
	if loader != "" {
		if err := gather(need, root, strings.TrimPrefix(loader, "/"), strings.TrimPrefix(loader, "/")); err != nil {
			return err
		}
	}
	for _, lib := range libs {
		at, err := findLibrary(root, lib)
		if err != nil {
			return err
		}
		if err := gather(need, root, at, at); err != nil {
			return err
		}
	}
	return nil
}

// needed is what a program's dynamic section names; a script or a static
// program needs nothing.
func needed(file string) (libs []string, loader string, err error) {
	f, err := elf.Open(file)
	if _, other := errors.AsType[*elf.FormatError](err); other {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			name := make([]byte, p.Filesz)
			if _, err := p.ReadAt(name, 0); err != nil {
				return nil, "", err
			}
			loader = strings.TrimRight(string(name), "\x00")
		}
	}
	libs, err = f.ImportedLibraries()
	return libs, loader, err
}

func findLibrary(root, name string) (string, error) {
	for _, dir := range libraryDirs {
		at := path.Join(dir, name)
		if _, err := os.Stat(filepath.Join("/", root, at)); err == nil {
			return at, nil
		}
	}
	return "", fmt.Errorf("library %s is not found", name)
}

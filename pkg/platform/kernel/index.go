package kernel

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// Index is all modules of one kernel.
type Index struct {
	Modules []*Module // by path
	Builtin []string  // names of those that are part of the kernel, and their aliases

	once   sync.Once
	byName map[string]*Module
	byBus  map[string][]pattern
}

// pattern is an alias that stands for a module.
type pattern struct {
	alias  string
	module *Module
}

// anyBus is where patterns are that do not begin with the name of a bus.
const anyBus = "*"

// bus is the part of an alias before its first colon, by which there are few
// enough to look through: a kernel has tens of thousands.
func bus(alias string) string {
	name, _, ok := strings.Cut(alias, ":")
	if !ok || strings.ContainsAny(name, "*?[") {
		return anyBus
	}
	return underscored(name)
}

// prepare makes the maps that are searched.
func (x *Index) prepare() {
	x.once.Do(func() {
		x.byName, x.byBus = map[string]*Module{}, map[string][]pattern{}
		for _, m := range x.Modules {
			x.byName[m.Name] = m
			for _, a := range m.Aliases {
				x.byBus[bus(a)] = append(x.byBus[bus(a)], pattern{a, m})
			}
		}
	})
}

// Scan reads every module below a directory of modules (lib/modules/RELEASE).
func Scan(dir fs.FS) (*Index, error) {
	x := &Index{}
	err := fs.WalkDir(dir, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() || !isModule(file) {
			return nil
		}
		content, err := fs.ReadFile(dir, file)
		if err != nil {
			return err
		}
		m, err := ParseModule(file, content)
		if err != nil {
			return err
		}
		x.Modules = append(x.Modules, m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("modules: %w", err)
	}
	if len(x.Modules) == 0 {
		return nil, errors.New("modules: there are none")
	}
	if x.Builtin, err = builtin(dir); err != nil {
		return nil, fmt.Errorf("modules: %w", err)
	}
	return x, nil
}

// builtin reads which modules are part of the kernel, and their aliases.
func builtin(dir fs.FS) ([]string, error) {
	var names []string
	list, err := fs.ReadFile(dir, "modules.builtin")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	lines := bufio.NewScanner(bytes.NewReader(list))
	for lines.Scan() {
		names = append(names, NameOf(lines.Text()))
	}
	info, err := fs.ReadFile(dir, "modules.builtin.modinfo")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for pair := range bytes.SplitSeq(info, []byte{0}) {
		if _, alias, ok := strings.Cut(string(pair), ".alias="); ok {
			names = append(names, alias)
		}
	}
	return names, lines.Err()
}

// Find is the module of a name, or nil.
func (x *Index) Find(name string) *Module {
	x.prepare()
	return x.byName[underscored(name)]
}

// Match is the modules that a name or an alias (a device's modalias, "fs-btrfs")
// stands for, in the index's order, but those by bus first.
func (x *Index) Match(alias string) []*Module {
	if m := x.Find(alias); m != nil {
		return []*Module{m}
	}
	x.prepare()
	of := x.byBus[bus(alias)]
	if bus(alias) != anyBus {
		of = slices.Concat(of, x.byBus[anyBus])
	}
	var found []*Module
	for _, p := range of {
		if !slices.Contains(found, p.module) && fits(p.alias, alias) {
			found = append(found, p.module)
		}
	}
	return found
}

// isBuiltin reports whether the kernel has what a name or alias stands for.
func (x *Index) isBuiltin(alias string) bool {
	return slices.ContainsFunc(x.Builtin, func(pattern string) bool {
		return pattern == underscored(alias) || fits(pattern, alias)
	})
}

// fits matches an alias with a pattern of modules: * ? and [] as in globs, where
// - and _ are the same.
func fits(pattern, alias string) bool {
	if pattern == alias {
		return true
	}
	prefix, _, _ := strings.Cut(pattern, "*")
	if !strings.ContainsAny(prefix, "-_?[") && !strings.HasPrefix(alias, prefix) {
		return false
	}
	// No alias has a slash, so a path's pattern is a plain one.
	ok, err := path.Match(underscored(pattern), underscored(alias))
	return ok && err == nil
}

// Closure is the modules that names and aliases stand for and everything they
// need, each after what it needs. What is part of the kernel needs nothing. A
// name ending in "?" may be missing.
func (x *Index) Closure(names ...string) ([]*Module, error) {
	c := closure{index: x, state: map[*Module]bool{}}
	var missing []string
	for _, n := range names {
		name, optional := strings.CutSuffix(n, "?")
		found := x.Match(name)
		for _, m := range found {
			if err := c.add(m); err != nil {
				return nil, err
			}
		}
		if len(found) == 0 && !optional && !x.isBuiltin(name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("modules: this kernel has no %s", strings.Join(missing, ", "))
	}
	return c.order, nil
}

type closure struct {
	index *Index
	state map[*Module]bool // false: being added, true: added
	order []*Module
}

func (c *closure) add(m *Module) error {
	if _, begun := c.state[m]; begun { // soft dependencies may form circles
		return nil
	}
	c.state[m] = false
	for _, alias := range m.Soft {
		for _, s := range c.index.Match(alias) {
			if err := c.add(s); err != nil {
				return err
			}
		}
	}
	for _, name := range m.Depends {
		d := c.index.Find(name)
		if d == nil {
			if c.index.isBuiltin(name) {
				continue
			}
			return fmt.Errorf("modules: %s needs %s, which is not there", m.Name, name)
		}
		if err := c.add(d); err != nil {
			return err
		}
	}
	c.state[m] = true
	c.order = append(c.order, m)
	return nil
}

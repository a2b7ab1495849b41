package kernel

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Lists writes modules.dep, modules.alias, modules.softdep and modules.devname
// for some modules, as depmod writes them and modprobe reads them. Module paths
// are taken as place has them.
func Lists(modules []*Module, place func(*Module) string) map[string][]byte {
	var dep, alias, soft, nodes bytes.Buffer
	byName := map[string]*Module{}
	for _, m := range modules {
		byName[m.Name] = m
	}
	for _, m := range modules {
		fmt.Fprintf(&dep, "%s:", place(m))
		for _, d := range needs(m, byName) {
			fmt.Fprintf(&dep, " %s", place(d))
		}
		dep.WriteByte('\n')
		for _, a := range m.Aliases {
			fmt.Fprintf(&alias, "alias %s %s\n", a, m.Name)
		}
		if len(m.Soft) > 0 {
			fmt.Fprintf(&soft, "softdep %s pre: %s\n", m.Name, strings.Join(m.Soft, " "))
		}
		if node, ok := m.node(); ok {
			fmt.Fprintf(&nodes, "%s\n", node)
		}
	}
	return map[string][]byte{
		"modules.dep": dep.Bytes(), "modules.alias": alias.Bytes(),
		"modules.softdep": soft.Bytes(), "modules.devname": nodes.Bytes(),
	}
}

// needs is all that m depends on, the last one to be loaded first, as in
// modules.dep.
func needs(m *Module, byName map[string]*Module) []*Module {
	var all []*Module
	var walk func(*Module)
	walk = func(m *Module) {
		for _, name := range m.Depends {
			if d := byName[name]; d != nil {
				walk(d)
				if !slices.Contains(all, d) {
					all = append(all, d)
				}
			}
		}
	}
	walk(m)
	slices.Reverse(all)
	return all
}

// node is a line of modules.devname: a device that must be there before its
// module is, for opening it is what loads the module.
func (m *Module) node() (string, bool) {
	var name, kind string
	for _, a := range m.Aliases {
		if n, ok := strings.CutPrefix(a, "devname:"); ok {
			name = n
		}
		var major, minor uint32
		if n, _ := fmt.Sscanf(a, "char-major-%d-%d", &major, &minor); n == 2 {
			kind = fmt.Sprintf("c%d:%d", major, minor)
		}
	}
	return fmt.Sprintf("%s %s %s", m.Name, name, kind), name != "" && kind != ""
}

// ReadLists reads what Lists wrote (or depmod) into a directory of modules.
func ReadLists(dir fs.FS) (*Index, error) {
	x := &Index{}
	byName := map[string]*Module{}
	err := eachLine(dir, "modules.dep", func(line string) error {
		file, rest, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("no colon in %q", line)
		}
		m := &Module{Name: NameOf(file), Path: file}
		for f := range strings.FieldsSeq(rest) {
			m.Depends = append(m.Depends, NameOf(f))
		}
		slices.Reverse(m.Depends)
		x.Modules = append(x.Modules, m)
		byName[m.Name] = m
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = eachLine(dir, "modules.alias", func(line string) error {
		words := strings.Fields(line)
		if len(words) == 3 && byName[words[2]] != nil {
			byName[words[2]].Aliases = append(byName[words[2]].Aliases, words[1])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = eachLine(dir, "modules.softdep", func(line string) error {
		words := strings.Fields(line)
		if len(words) > 2 && byName[words[1]] != nil {
			byName[words[1]].Soft = pre(strings.Join(words[2:], " "))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	x.Builtin, err = builtin(dir)
	return x, err
}

func eachLine(dir fs.FS, name string, do func(string) error) error {
	content, err := fs.ReadFile(dir, name)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		if err := do(line); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return lines.Err()
}

package meta

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Table names one of the two metadata tables of a machine, as vmadm does.
type Table string

// The tables: the customer's, and the operator's.
const (
	Customer Table = "customer_metadata"
	Internal Table = "internal_metadata"
)

// Bounds of what a machine may store about itself; vmadm is not bound by them.
const (
	MaxKey   = 1 << 10  // bytes of a key
	MaxTotal = 16 << 20 // bytes of both tables together
)

// Machine is a machine's metadata at one moment.
type Machine struct {
	Customer   map[string]string
	Internal   map[string]string
	Namespaces []string // whose "NAME:key" keys live, read-only, in Internal
	// SDC answers "sdc:NAME", a property of the machine.
	SDC func(name string) (value string, found bool, err error)
}

// Tables is the Store of a machine that vmadm keeps: it knows which key lives
// in which table and which may be written.
type Tables struct {
	// Load reads the machine afresh.
	Load func() (Machine, error)
	// Save sets a key of a table, or removes it (value nil).
	Save func(table Table, key string, value *string) error
}

var _ Store = Tables{}

const sdc = "sdc:"

// Get implements Store.
func (t Tables) Get(key string) (string, bool, error) {
	m, err := t.Load()
	if err != nil {
		return "", false, err
	}
	name, isSDC := strings.CutPrefix(key, sdc)
	switch {
	case isSDC && name == operatorScript:
		key = name
		value, ok := m.Internal[key]
		return value, ok, nil
	case isSDC:
		return m.SDC(name)
	}
	value, ok := m.table(m.readFrom(key))[key]
	return value, ok, nil
}

const operatorScript = "operator-script"

// Keys implements Store: the customer's keys, then the operator's that the
// machine may read.
func (t Tables) Keys() ([]string, error) {
	m, err := t.Load()
	if err != nil {
		return nil, err
	}
	return append(m.keys(Customer), m.keys(Internal)...), nil
}

func (m Machine) keys(from Table) []string {
	var keys []string
	for key := range m.table(from) {
		if m.readFrom(key) == from {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}

// Put implements Store.
func (t Tables) Put(key, value string) error {
	if value == "" {
		return t.Delete(key)
	}
	m, err := t.Load()
	if err != nil {
		return err
	}
	if err := m.checkWrite(key, value); err != nil {
		return err
	}
	return t.Save(writeTo(key), key, &value)
}

// Delete implements Store.
func (t Tables) Delete(key string) error {
	m, err := t.Load()
	if err != nil {
		return err
	}
	if err := m.checkKey(key); err != nil {
		return err
	}
	return t.Save(writeTo(key), key, nil)
}

func (m Machine) table(name Table) map[string]string {
	if name == Internal {
		return m.Internal
	}
	return m.Customer
}

// readFrom is the table in which a key is looked up. Passwords and the
// namespaces named by the operator live in the operator's table.
func (m Machine) readFrom(key string) Table {
	if strings.HasSuffix(key, "_pw") || m.namespace(key) != "" {
		return Internal
	}
	return Customer
}

// writeTo is the table in which a key is set, once checkKey let it pass.
func writeTo(key string) Table {
	if strings.HasSuffix(key, "_pw") || key == operatorScript {
		return Internal
	}
	return Customer
}

// namespace is the read-only namespace that key lies in, if any.
func (m Machine) namespace(key string) string {
	prefix, _, ok := strings.Cut(key, ":")
	if ok && slices.Contains(m.Namespaces, prefix) {
		return prefix
	}
	return ""
}

func (m Machine) checkKey(key string) error {
	if strings.HasPrefix(key, sdc) {
		return refusef(`Cannot update the "sdc" Namespace.`)
	}
	if ns := m.namespace(key); ns != "" {
		return refusef("Cannot update the %q Namespace.", ns)
	}
	return nil
}

func (m Machine) checkWrite(key, value string) error {
	if err := m.checkKey(key); err != nil {
		return err
	}
	isControl := func(r rune) bool { return r < ' ' || r == 0x7f }
	switch {
	case len(key) > MaxKey:
		return refusef("the key is longer than %d bytes", MaxKey)
	case !utf8.ValidString(key) || strings.ContainsFunc(key, isControl):
		return refusef("the key is not plain text")
	case !utf8.ValidString(value):
		return refusef("the value is not UTF-8 text; encode it, with base64 for example")
	case size(m.Customer)+size(m.Internal)+len(key)+len(value) > MaxTotal:
		return refusef("the machine's metadata would exceed %d MiB", MaxTotal>>20)
	}
	return nil
}

func size(table map[string]string) int {
	n := 0
	for key, value := range table {
		n += len(key) + len(value)
	}
	return n
}

package dataset

import (
	"strings"
	"sync"
)

// Kind is how a property's value is written.
type Kind int

// The kinds of value.
const (
	Text  Kind = iota
	Index      // one of Values
	Bytes      // 10737418240, for people 10G
	Count      // 12
	Ratio      // 1.00, for people 1.00x
	Date       // seconds since 1970
)

// Change says who may set a property.
type Change int

// Who may set a property.
const (
	ReadOnly  Change = iota
	Inherited        // set locally, else the parent's, else the default
	Local            // set locally, never inherited
	AtCreate         // only when the dataset is made, never inherited
)

// Effect says what a property does on the btrfs backend.
type Effect int

// The effects on btrfs.
const (
	Effective Effect = iota
	Stored           // kept and shown; nothing acts on it
	Fixed            // only the default is taken: anything else would be a lie
)

// Property is a row of the table of native properties.
type Property struct {
	Name    string
	Short   string // alias: avail, refer, compress
	Header  string // of a list column, when it is not the name in capitals
	Kind    Kind
	Change  Change
	Effect  Effect
	Types   string   // f, v, s: which datasets have it
	Default string   // parsable form
	Values  []string // of an Index
	None    string   // word for 0: none, auto
	Hidden  bool     // not among "all": a column only
}

// Head is the column header.
func (p *Property) Head() string {
	if p.Header != "" {
		return p.Header
	}
	return strings.ToUpper(p.Name)
}

// Has reports whether datasets of type t have the property.
func (p *Property) Has(t Type) bool { return strings.Contains(p.Types, string(t[0])) }

// Right reports whether a column of it is flush right.
func (p *Property) Right() bool {
	return p.Kind == Bytes || p.Kind == Count || p.Kind == Ratio
}

// IsUser reports whether a name is a user property's: it has a colon.
func IsUser(name string) bool {
	return strings.Contains(name, ":") && !strings.HasPrefix(name, WrittenSince)
}

// CheckUserName says whether a name may be that of a user property.
func CheckUserName(name string) error {
	if len(name) > maxName {
		return As(ErrProperty, "property name '%s' is too long", name)
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.:+", c) {
			return As(ErrProperty, "invalid property '%s'", name)
		}
	}
	return nil
}

// Lookup finds a native property by name or alias, nil when there is none.
func Lookup(name string) *Property {
	if p := index()[name]; p != nil || !strings.HasPrefix(name, WrittenSince) {
		return p
	}
	return &Property{Name: name, Kind: Bytes, Types: "fvs", Hidden: true}
}

// WrittenSince begins the properties that name a snapshot: written@monday.
const WrittenSince = "written@"

var index = sync.OnceValue(func() map[string]*Property {
	m := make(map[string]*Property, 2*len(table))
	for i := range table {
		p := &table[i]
		m[p.Name] = p
		if p.Short != "" {
			m[p.Short] = p
		}
	}
	return m
})

// Properties are the native properties in the order of zfs get all.
func Properties() []Property { return table }

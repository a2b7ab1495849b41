package vm

import (
	"slices"
	"strings"
	"sync"
)

// Type is the type of a property's value in a payload.
type Type string

// The types of properties.
const (
	String      Type = "string"
	Integer     Type = "integer"
	Boolean     Type = "boolean"
	UUID        Type = "uuid"
	List        Type = "list"         // array of strings, or one string with commas
	FlatObject  Type = "flat-object"  // values are strings, numbers or booleans
	ObjectArray Type = "object-array" // members are rows NAME.*.MEMBER
	Pool        Type = "zpool"        // name of an imported pool
)

// Class says how a property fares on Linux.
type Class byte

// The classes.
const (
	Maps    Class = 'M' // does here what it does on SmartOS
	Partly  Class = 'P' // the Linux sentence says what is missing
	Foreign Class = 'N' // has no meaning here: refused or recorded with a warning
	Data    Class = 'X' // only kept and shown
)

// Effect says when a changed value takes effect.
type Effect string

// The effects.
const (
	Live       Effect = "live"
	NextBoot   Effect = "next boot"
	CreateOnly Effect = "create only"
	Fixed      Effect = "fixed"
	Derived    Effect = "read only"
	Never      Effect = "-"
)

// Action is what a payload is for.
type Action byte

// The actions. Add and Update of a member are those of its element: nics in
// create and add_nics add, update_nics updates.
const (
	Create  Action = 'c'
	Receive Action = 'r'
	Update  Action = 'u'
	Add     Action = 'a'
)

// Property is all that is known of one property, once.
type Property struct {
	Name   string // "nics.*.ip" for a member of nics, add_nics and update_nics
	Type   Type
	Use    string // brands and actions, "JLMU:cru K:c"; empty for read-only ones
	Effect Effect

	Default string // as the manual says it
	Min     *int64 // of an integer
	Max     *int64
	MaxLen  int // of a string

	Width   int    // least width of its column in vmadm list; 0: not a column
	Header  string // of the column; empty is the name in capitals
	Hidden  string // when get leaves it out: "false" or "true" ("" never)
	Pending bool   // known, and honestly refused or warned about until it works

	Doc   string // the manual's sentence
	Linux string // what this host does for it, where that is not plain
	Class Class
}

// brandLetters name the brands in Property.Use.
var brandLetters = map[byte]string{
	'J': "joyent", 'M': "joyent-minimal", 'U': "builder", 'L': "lx", 'K': "kvm", 'B': "bhyve",
}

// Allows reports whether a payload for an action may carry the property.
func (p *Property) Allows(brand string, action Action) bool {
	for part := range strings.FieldsSeq(p.Use) {
		brands, actions, _ := strings.Cut(part, ":")
		if strings.IndexByte(actions, byte(action)) >= 0 && usesBrand(brands, brand) {
			return true
		}
	}
	return false
}

// Knows reports whether the property exists for a brand at all.
func (p *Property) Knows(brand string) bool {
	if p.Use == "" {
		return true
	}
	for part := range strings.FieldsSeq(p.Use) {
		brands, _, _ := strings.Cut(part, ":")
		if usesBrand(brands, brand) {
			return true
		}
	}
	return false
}

func usesBrand(letters, brand string) bool {
	if letters == "all" {
		return true
	}
	for i := range len(letters) {
		if brandLetters[letters[i]] == brand {
			return true
		}
	}
	return false
}

// Column returns header and width of the property's column, and whether it has
// one.
func (p *Property) Column() (header string, width int, ok bool) {
	header = p.Header
	if header == "" {
		header = strings.ToUpper(p.Name)
	}
	return header, p.Width, p.Width > 0
}

// Properties is the whole table, sorted by name.
func Properties() []Property { return table().rows }

// Lookup finds a property by its name in the table.
func Lookup(name string) (*Property, bool) {
	p, ok := table().byName[name]
	return p, ok
}

type index struct {
	rows   []Property
	byName map[string]*Property
}

var table = sync.OnceValue(func() *index {
	rows := propertyRows()
	byName := make(map[string]*Property, len(rows))
	for i := range rows {
		byName[rows[i].Name] = &rows[i]
	}
	return &index{rows, byName}
})

// base is the row that describes the elements of an object array: add_nics and
// update_nics have those of nics.
func elementOf(name string) (base string, action Action) {
	if rest, ok := strings.CutPrefix(name, "add_"); ok {
		return rest, Add
	}
	if rest, ok := strings.CutPrefix(name, "update_"); ok {
		return rest, Update
	}
	return name, Add
}

func propertyRows() []Property {
	rows := slices.Concat(machineRows(), hvmRows(), memberRows(), updateRows(), derivedRows())
	slices.SortFunc(rows, func(a, b Property) int { return strings.Compare(a.Name, b.Name) })
	return rows
}

// Assignable reports whether update can set the property with KEY=VALUE.
func (p *Property) Assignable() bool {
	if p.Type == ObjectArray || p.Type == FlatObject {
		return false
	}
	for part := range strings.FieldsSeq(p.Use) {
		if _, actions, _ := strings.Cut(part, ":"); strings.Contains(actions, "u") {
			return !strings.Contains(p.Name, ".")
		}
	}
	return false
}

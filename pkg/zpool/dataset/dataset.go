// Package dataset is the vocabulary that backends and callers share: datasets,
// their names, properties and sizes, options of each verb, and refusals in the
// words of zfs(8). It touches no pool.
package dataset

import "strconv"

// Type is a dataset's kind.
type Type string

// The kinds of dataset.
const (
	Filesystem Type = "filesystem"
	Volume     Type = "volume"
	Snapshot   Type = "snapshot"
	Bookmark   Type = "bookmark"
)

// Prop is a property's value and where it comes from: "-", "local", "default",
// "received", "temporary" or "inherited from NAME" (zfs get's SOURCE).
type Prop struct {
	Value    string // parsable form: bytes as digits, "-" for none
	Source   string
	Received string // what a stream brought, whether it counts or not; empty for nothing
}

// Dataset is one dataset as it was when it was read.
type Dataset struct {
	Name  string // zones/a, zones/a@s
	Type  Type
	Props map[string]Prop // native and user properties that were asked for
}

// Get is a property's value, "" when it was not read or has none.
func (d Dataset) Get(prop string) string {
	if v := d.Props[prop].Value; v != "-" {
		return v
	}
	return ""
}

// Int is a numeric property, 0 when it was not read or has none.
func (d Dataset) Int(prop string) int64 {
	n, _ := strconv.ParseInt(d.Get(prop), 10, 64) // "", "none" and "-" are 0
	return n
}

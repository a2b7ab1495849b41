package dataset

import (
	"slices"
	"strconv"
	"strings"
)

// PoolProperty is a row of the table of pool properties.
type PoolProperty struct {
	Name   string
	Short  string
	Header string
	Kind   Kind // Count is a percentage
}

var poolTable = []PoolProperty{
	{"name", "", "NAME", Text},
	{"size", "", "SIZE", Bytes},
	{"capacity", "cap", "CAP", Count},
	{"altroot", "", "ALTROOT", Text},
	{"health", "", "HEALTH", Text},
	{"guid", "", "GUID", Text},
	{"bootfs", "", "BOOTFS", Text},
	{"delegation", "", "DELEGATION", Text},
	{"autoreplace", "replace", "REPLACE", Text},
	{"cachefile", "", "CACHEFILE", Text},
	{"failmode", "", "FAILMODE", Text},
	{"listsnapshots", "listsnaps", "LISTSNAPS", Text},
	{"autoexpand", "expand", "EXPAND", Text},
	{"dedupratio", "dedup", "DEDUP", Ratio},
	{"free", "", "FREE", Bytes},
	{"allocated", "alloc", "ALLOC", Bytes},
	{"readonly", "rdonly", "RDONLY", Text},
	{"ashift", "", "ASHIFT", Text},
	{"comment", "", "COMMENT", Text},
	{"expandsize", "expandsz", "EXPANDSZ", Bytes},
	{"freeing", "", "FREEING", Bytes},
	{"fragmentation", "frag", "FRAG", Count},
	{"multihost", "", "MULTIHOST", Text},
	{"checkpoint", "ckpoint", "CKPOINT", Bytes},
	{"autotrim", "", "AUTOTRIM", Text},
	{"backend", "", "BACKEND", Text},
	{"accounting", "", "ACCOUNTING", Text},
	{"feature@async_destroy", "", "FEATURE@ASYNC_DESTROY", Text},
	{"feature@bookmarks", "", "FEATURE@BOOKMARKS", Text},
	{"feature@extensible_dataset", "", "FEATURE@EXTENSIBLE_DATASET", Text},
	{"feature@large_blocks", "", "FEATURE@LARGE_BLOCKS", Text},
	{"feature@large_dnode", "", "FEATURE@LARGE_DNODE", Text},
	{"feature@embedded_data", "", "FEATURE@EMBEDDED_DATA", Text},
	{"feature@lz4_compress", "", "FEATURE@LZ4_COMPRESS", Text},
	{"feature@zstd_compress", "", "FEATURE@ZSTD_COMPRESS", Text},
	{"feature@device_removal", "", "FEATURE@DEVICE_REMOVAL", Text},
	{"feature@encryption", "", "FEATURE@ENCRYPTION", Text},
}

// PoolProperties are the pool properties in the order of zpool get all.
func PoolProperties() []PoolProperty { return poolTable[1:] }

// LookupPool finds a pool property by name or alias, nil when there is none.
func LookupPool(name string) *PoolProperty {
	i := slices.IndexFunc(poolTable, func(p PoolProperty) bool {
		return p.Name == name || p.Short != "" && p.Short == name
	})
	if i < 0 {
		return nil
	}
	return &poolTable[i]
}

// Right reports whether a column of it is flush right.
func (p *PoolProperty) Right() bool { return p.Kind != Text }

// Human words a parsable value for people.
func (p *PoolProperty) Human(value string) string {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case value == "-" || value == "":
		return "-"
	case p.Kind == Ratio:
		return value + "x"
	case err != nil:
		return value
	case p.Kind == Bytes:
		return strings.TrimSuffix(HumanSize(n), "B") // plain bytes have no unit here
	case p.Kind == Count:
		return value + "%"
	}
	return value
}

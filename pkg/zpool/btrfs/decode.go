package btrfs

import (
	"bytes"
	"encoding/json"
	"math"
	"math/bits"

	"github.com/smartbox-os/smartbox/internal/btrfs"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// decodeEntry reads one line of the store. Lines as this program writes them
// take a short way, an order of magnitude faster than encoding/json: lists of a
// thousand datasets are read by every command. Anything else (a line that
// somebody edited) goes the long way.
func decodeEntry(line []byte) (entry, error) {
	d := decoder{b: line, ok: true}
	var e entry
	d.object(func(key []byte) {
		switch string(key) {
		case "pool":
			e.Pool = d.header()
		case "put":
			d.array(func() { e.Put = append(e.Put, d.record()) })
		case "del":
			d.array(func() { e.Del = append(e.Del, d.int()) })
		default:
			d.ok = false
		}
	})
	if d.ok && d.i == len(d.b) {
		return e, nil
	}
	e = entry{}
	err := json.Unmarshal(line, &e)
	return e, err
}

// decoder walks over compact JSON without escapes; ok turns false at whatever
// it does not know.
type decoder struct {
	b  []byte
	i  int
	ok bool
}

func (d *decoder) peek() byte {
	if d.i < len(d.b) {
		return d.b[d.i]
	}
	return 0
}

// take steps over c and reports whether it was there.
func (d *decoder) take(c byte) bool {
	if d.peek() != c {
		return false
	}
	d.i++
	return true
}

func (d *decoder) must(c byte) {
	if !d.take(c) {
		d.ok = false
	}
}

func (d *decoder) object(member func(key []byte)) {
	d.must('{')
	for first := true; d.ok && !d.take('}'); first = false {
		if !first {
			d.must(',')
		}
		key := d.raw()
		d.must(':')
		member(key)
	}
}

func (d *decoder) array(element func()) {
	d.must('[')
	for first := true; d.ok && !d.take(']'); first = false {
		if !first {
			d.must(',')
		}
		element()
	}
}

// raw is a string's content; one with escapes or control characters is not
// taken.
func (d *decoder) raw() []byte {
	d.must('"')
	start := d.i
	for d.i < len(d.b) {
		switch c := d.b[d.i]; {
		case c == '"':
			d.i++
			return d.b[start : d.i-1]
		case c == '\\' || c < ' ' || c >= 0x80:
			d.ok = false
			return nil
		}
		d.i++
	}
	d.ok = false
	return nil
}

func (d *decoder) string() string { return string(d.raw()) }

func (d *decoder) uint() uint64 {
	start, n := d.i, uint64(0)
	for c := d.peek(); c >= '0' && c <= '9'; c = d.peek() {
		high, low := bits.Mul64(n, 10)
		var carry uint64
		n, carry = bits.Add64(low, uint64(c-'0'), 0)
		d.ok = d.ok && high == 0 && carry == 0
		d.i++
	}
	if size := d.i - start; size == 0 || size > 1 && d.b[start] == '0' {
		d.ok = false
	}
	return n
}

func (d *decoder) int() int64 {
	n := d.uint()
	d.ok = d.ok && n <= math.MaxInt64
	return int64(n)
}

// quoted is a number in a string.
func (d *decoder) quoted() uint64 {
	d.must('"')
	n := d.uint()
	d.must('"')
	return n
}

func (d *decoder) props() map[string]string {
	m := make(map[string]string)
	d.object(func(key []byte) { m[string(key)] = d.string() })
	return m
}

func (d *decoder) header() *header {
	h := new(header)
	d.object(func(key []byte) {
		switch string(key) {
		case "version":
			h.Version = int(d.int())
		case "name":
			h.Name = d.string()
		case "guid":
			h.GUID = d.quoted()
		case "quota":
			h.Quota = btrfs.QuotaMode(d.string())
		case "next":
			h.Next = d.int()
		case "props":
			h.Props = d.props()
		default:
			d.ok = false
		}
	})
	return h
}

func (d *decoder) record() *record {
	r := new(record)
	d.object(func(key []byte) {
		switch string(key) {
		case "id":
			r.ID = d.int()
		case "name":
			r.Name = d.string()
		case "type":
			r.Type = d.kind()
		case "tree":
			r.Tree = d.int()
		case "subvol":
			r.Subvol = d.uint()
		case "guid":
			r.GUID = d.quoted()
		case "txg":
			r.TXG = d.uint()
		case "created":
			r.Created = d.int()
		case "origin":
			r.Origin = d.int()
		case "base":
			r.Base = d.int()
		case "props":
			r.Props = d.props()
		case "received":
			r.Received = d.props()
		case "holds":
			r.Holds = d.holds()
		case "promised":
			r.Promised = d.truth()
		case "deferred":
			r.Deferred = d.truth()
		default:
			d.ok = false
		}
	})
	return r
}

func (d *decoder) holds() map[string]int64 {
	m := make(map[string]int64)
	d.object(func(key []byte) { m[string(key)] = d.int() })
	return m
}

// truth is the word true; false is never written.
func (d *decoder) truth() bool {
	for _, c := range []byte("true") {
		d.must(c)
	}
	return d.ok
}

// kind is a type, without a copy for each record.
func (d *decoder) kind() dataset.Type {
	raw := d.raw()
	for _, t := range []dataset.Type{dataset.Filesystem, dataset.Snapshot, dataset.Volume, dataset.Bookmark} {
		if bytes.Equal(raw, []byte(t)) {
			return t
		}
	}
	d.ok = false
	return ""
}

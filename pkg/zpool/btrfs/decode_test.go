package btrfs

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

func fullEntry() entry {
	return entry{
		Pool: &header{Version: 1, Name: "zones", GUID: 1 << 63, Quota: "simple", Next: 9, Props: map[string]string{"comment": "x"}},
		Put: []*record{
			{
				ID: 7, Name: "zones/a b", Type: dataset.Filesystem, Tree: 8, Subvol: 300, GUID: 5, TXG: 6, Created: 1700000000,
				Origin: 3, Base: 4096, Props: map[string]string{"quota": "10", "my:x": ""},
			},
			{
				ID: 8, Name: "zones/a b@s", Type: dataset.Snapshot, Tree: 9, Deferred: true, Promised: true,
				Holds: map[string]int64{"backup": 1700000000}, Received: map[string]string{"quota": "5"},
			},
			{ID: 9, Name: "zones/a b#m", Type: dataset.Bookmark},
		},
		Del: []int64{1, 2},
	}
}

// Every field that is written is read on the short way: none was forgotten.
func TestDecode_shortWay(t *testing.T) {
	want := fullEntry()
	line, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	d := decoder{b: line, ok: true}
	d.object(func(key []byte) {
		switch string(key) {
		case "pool":
			d.header()
		case "put":
			d.array(func() { d.record() })
		case "del":
			d.array(func() { d.int() })
		}
	})
	if !d.ok || d.i != len(line) {
		t.Errorf("not taken on the short way: stopped at %q", line[d.i:])
	}
	if got, err := decodeEntry(line); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestDecode_longWay(t *testing.T) {
	got, err := decodeEntry([]byte(` { "put": [ {"id": 1, "name":"zones\/\u0061", "props":{"a:b":"x\ny \u00e4"}, "new field": null} ] }`))
	if err != nil || len(got.Put) != 1 || got.Put[0].Name != "zones/a" || got.Put[0].Props["a:b"] != "x\ny ä" {
		t.Errorf("%+v, %v", got, err)
	}
}

// What the short way takes, encoding/json reads the same.
func FuzzDecodeEntry(f *testing.F) {
	line, err := json.Marshal(fullEntry())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte(`{"del":[01]}`))
	f.Add([]byte(`{"put":[{"id":1,"id":2}]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := decodeEntry(line)
		var want entry
		wantErr := json.Unmarshal(line, &want)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("error %v, encoding/json says %v", err, wantErr)
		}
		if err != nil {
			return
		}
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		if string(a) != string(b) {
			t.Errorf("read %s, encoding/json reads %s", a, b)
		}
	})
}

func BenchmarkParseStore(b *testing.B) {
	entries := make([]entry, 1000)
	for i := range entries {
		e := fullEntry()
		e.Pool, e.Del = nil, nil
		e.Put = e.Put[:1]
		e.Put[0].ID += int64(i)
		e.Put[0].Name += string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		entries[i] = e
	}
	text := storeText(b, entries...)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := parseStore(text); err != nil {
			b.Fatal(err)
		}
	}
}

package btrfs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

func storeText(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, e := range append([]entry{{Pool: &header{Version: storeVersion, Name: "zones", Next: 1}}}, entries...) {
		if err := json.NewEncoder(&b).Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func fs(id int64, name string) *record {
	return &record{ID: id, Tree: id, Name: name, Type: dataset.Filesystem}
}

func TestStore_lastLineCounts(t *testing.T) {
	text := storeText(t,
		entry{Put: []*record{fs(1, "zones"), fs(2, "zones/a"), fs(3, "zones/b")}},
		entry{Put: []*record{fs(2, "zones/b"), fs(3, "zones/a")}}, // exchanged in one step
		entry{Put: []*record{fs(4, "zones/c")}},
		entry{Del: []int64{4}})
	s, err := parseStore(text)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(names(s.all(func(*record) bool { return true }))); got != "[zones zones/a zones/b]" {
		t.Errorf("datasets: %s", got)
	}
	if s.byName["zones/a"].ID != 3 || s.byName["zones/b"].ID != 2 {
		t.Errorf("names are with the wrong records: %+v", s.byName)
	}
	if s.next() != 5 {
		t.Error("an id was given away again")
	}
	again, err := s.rewritten()
	if err != nil {
		t.Fatal(err)
	}
	if s2, err := parseStore(again); err != nil || len(s2.byID) != 3 || s2.next() < 6 {
		t.Errorf("rewritten: %+v, %v", s2, err)
	}
}

// Wherever a crash cuts the file, what was committed before is there and what
// was being written is not.
func TestStore_cutAnywhere(t *testing.T) {
	whole := storeText(t, entry{Put: []*record{fs(1, "zones")}})
	longer := append(bytes.Clone(whole), []byte(`{"put":[{"id":2,"name":"zones/a","tree":2}]}`+"\n")...)
	for n := len(whole); n < len(longer); n++ {
		s, err := parseStore(longer[:n])
		if err != nil || len(s.byID) != 1 || s.size != int64(len(whole)) {
			t.Fatalf("cut at %d: %+v, %v", n, s, err)
		}
	}
}

func TestStore_orderOfNames(t *testing.T) {
	snap := func(id int64, name string, txg uint64) *record {
		return &record{ID: id, Tree: id, Name: name, Type: dataset.Snapshot, TXG: txg}
	}
	s, err := parseStore(storeText(t, entry{Put: []*record{
		fs(1, "zones"), fs(2, "zones/a"), fs(3, "zones/a/b"), fs(4, "zones/a-b"), snap(5, "zones/a@z", 10), snap(6, "zones/a@a", 20),
	}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(names(s.all(func(*record) bool { return true }))); got != "[zones zones/a zones/a@z zones/a@a zones/a-b zones/a/b]" {
		t.Errorf("order: %s", got)
	}
}

func FuzzParseStore(f *testing.F) {
	f.Add(storeText(f, entry{Put: []*record{fs(1, "zones")}}))
	f.Add([]byte(`{"pool":{"version":1}}` + "\n" + `{"put":[null]}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseStore(data)
		if err != nil {
			return
		}
		if s.size > int64(len(data)) {
			t.Error("more was read than there is")
		}
		s.all(func(r *record) bool { return r.ID != 0 })
	})
}

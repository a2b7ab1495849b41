package zstream

import (
	"bytes"
	"strings"
	"testing"
)

// objects is a stream of nothing but objects, by number, slots and bonus size.
func objects(t *testing.T, from uint64, features uint64, all ...[3]int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	err := w.Begin(&Begin{
		Kind: FilesystemSet, Flags: FlagFree, Features: 1<<2 | features, FromGUID: from, ToGUID: from + 1, ToName: "p/a@s",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		w.Object(&Object{Number: uint64(o[0]), Type: TypeFile, BonusType: bonusZnode, BlockSize: 512, Slots: uint8(o[1]), Bonus: make([]byte, o[2])})
	}
	w.End()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func applied(t *testing.T, r *Receiver, stream []byte) error {
	t.Helper()
	records := NewReader(bytes.NewReader(stream))
	begin, err := records.Next()
	if err != nil {
		t.Fatal(err)
	}
	return r.Apply(records, begin.(*Begin))
}

// Objects of several slots cannot share them.
func TestSlots(t *testing.T) {
	const large = 1 << featLargeDnode
	for _, c := range []struct {
		all      [][3]int
		features uint64
		refused  string
	}{
		{[][3]int{{64, 2, 264}, {66, 1, 264}}, large, ""},
		{[][3]int{{64, 2, 264}, {65, 1, 264}}, large, "object 65 lies inside of object 64"},
		{[][3]int{{64, 32, 264}, {95, 4, 264}}, large, "object 95 lies inside of object 64"},
		{[][3]int{{64, 33, 264}}, large, "33 slots"},
		{[][3]int{{64, 2, 832}}, large, ""},
		{[][3]int{{64, 2, 840}}, large, "no room"},
		{[][3]int{{64, 1, 328}}, 0, "no room"},
	} {
		err := applied(t, NewReceiver(checkStore{NewMemTable(), map[uint64][]byte{}}), objects(t, 0, c.features, c.all...))
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%v: %v, want %q", c.all, err, c.refused)
		}
	}
}

// An increment may put a large object where small ones were, and tell of
// their end only later.
func TestSlots_areTakenOver(t *testing.T) {
	const large = 1 << featLargeDnode
	store := checkStore{NewMemTable(), map[uint64][]byte{}}
	r := NewReceiver(store)
	if err := applied(t, r, objects(t, 0, large, [3]int{64, 1, 264}, [3]int{65, 1, 264}, [3]int{67, 1, 264}, [3]int{68, 1, 264})); err != nil {
		t.Fatal(err)
	}
	if err := applied(t, r, objects(t, 1, large, [3]int{64, 4, 264})); err != nil {
		t.Fatal(err)
	}
	for number, want := range map[uint64]bool{64: true, 65: false, 67: false, 68: true} {
		if d, _ := store.Get(number); (d != nil) != want {
			t.Errorf("object %d is there: %v", number, d != nil)
		}
	}
}

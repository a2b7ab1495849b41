package btrfs

import (
	"bytes"
	"testing"
)

func TestTail_join(t *testing.T) {
	file := []byte("one\ntwo\n")
	tl := tail{Inode: 7, After: int64(len(file)), Lines: []byte("three\nfour\n")}
	whole := "one\ntwo\nthree\nfour\n"
	for _, c := range []struct {
		name   string
		inode  uint64
		file   string
		want   string
		joined bool
	}{
		{"behind the file", 7, "one\ntwo\n", whole, true},
		{"a commit was cut off", 7, "one\ntwo\nthree\nfo", whole, true},
		{"committed since", 7, whole, whole, false},
		{"more was committed since", 7, whole + "five\n", whole + "five\n", false},
		{"something else was committed", 7, "one\ntwo\nTHREE\n", "one\ntwo\nTHREE\n", false},
		{"the file was rewritten", 8, "one\ntwo\n", "one\ntwo\n", false},
		{"the file is shorter", 7, "one\n", "one\n", false},
	} {
		got, joined := tl.join(c.inode, []byte(c.file))
		if string(got) != c.want || joined != c.joined {
			t.Errorf("%s: %q, %v; want %q, %v", c.name, got, joined, c.want, c.joined)
		}
	}
	if back, ok := decodeTail(tl.encode()); !ok || back.Inode != 7 || back.After != 8 || !bytes.Equal(back.Lines, tl.Lines) {
		t.Errorf("read back: %+v, %v", back, ok)
	}
}

// A promise is nothing that anybody sees, and no line that is kept.
func TestTail_promises(t *testing.T) {
	promised := fs(3, "zones/b")
	promised.Promised = true
	kept := storeText(t, entry{Put: []*record{fs(1, "zones"), fs(2, "zones/a")}})
	lines := storeText(t, entry{Put: []*record{promised}})
	lines = lines[bytes.IndexByte(lines, '\n')+1:]
	s, err := parseStore(append(bytes.Clone(kept), lines...))
	if err != nil {
		t.Fatal(err)
	}
	if s.byName["zones/b"] != nil || len(s.promised) != 1 || s.next() != 4 {
		t.Errorf("%+v", s)
	}
	if got := keptLines(append(bytes.Clone(lines), []byte(`{"del":[2]}`+"\n")...)); string(got) != `{"del":[2]}`+"\n" {
		t.Errorf("kept %q", got)
	}
}

func FuzzTail(f *testing.F) {
	f.Add([]byte("7 8\n{}\n"), []byte("12345678"))
	f.Fuzz(func(t *testing.T, attribute, file []byte) {
		tl, ok := decodeTail(attribute)
		if !ok {
			return
		}
		if tl.After < 0 {
			t.Error("before the file")
		}
		whole, joined := tl.join(tl.Inode, file)
		if !joined && !bytes.Equal(whole, file) || joined && !bytes.HasSuffix(whole, tl.Lines) {
			t.Errorf("%q, %v", whole, joined)
		}
		keptLines(tl.Lines)
	})
}

package btrfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

func changeStream(commands ...[]byte) []byte {
	b := append([]byte(changesMagic), 1, 0, 0, 0)
	for _, c := range commands {
		b = append(b, c...)
	}
	return b
}

func command(op ChangeOp, attrs ...string) []byte {
	var body []byte
	for i := 0; i < len(attrs); i += 2 {
		body = binary.LittleEndian.AppendUint16(body, uint16(attrs[i][0]))
		body = binary.LittleEndian.AppendUint16(body, uint16(len(attrs[i+1])))
		body = append(body, attrs[i+1]...)
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
	b = binary.LittleEndian.AppendUint16(b, uint16(op))
	return append(append(b, 0, 0, 0, 0), body...)
}

func TestParseChanges(t *testing.T) {
	stream := changeStream(
		command(2, "\x0f", "name of the snapshot"),
		command(OpMkfile, "\x0f", "o257-7-0"),
		command(OpRename, "\x0f", "o257-7-0", "\x10", "dir/new"),
		command(22, "\x0f", "old"),
		command(opEnd))
	var got []Change
	if err := parseChanges(bytes.NewReader(stream), func(c Change) error { got = append(got, c); return nil }); err != nil {
		t.Fatal(err)
	}
	want := []Change{{OpMkfile, "o257-7-0", ""}, {OpRename, "o257-7-0", "dir/new"}, {22, "old", ""}}
	if len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("%+v, want %+v", got, want)
	}
	for n := range len(stream) - 1 {
		if err := parseChanges(bytes.NewReader(stream[:n]), func(Change) error { return nil }); !errors.Is(err, errStream) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
}

func FuzzParseChanges(f *testing.F) {
	f.Add(changeStream(command(OpRename, "\x0f", "a", "\x10", "b"), command(opEnd)))
	f.Fuzz(func(t *testing.T, b []byte) {
		parseChanges(bytes.NewReader(b), func(c Change) error {
			if c.Op < OpMkfile || c.Op == OpRename && c.To == "" {
				t.Errorf("%+v", c)
			}
			return nil
		})
	})
}

package zstream_test

import (
	"testing"

	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
)

const (
	// {"n": uint64 5, "s": "hi"}, portable encoding.
	xdrList = "\x01\x01\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x00\x00\x00\x20\x00\x00\x00\x20" + "\x00\x00\x00\x01n\x00\x00\x00" + "\x00\x00\x00\x08\x00\x00\x00\x01" + "\x00\x00\x00\x00\x00\x00\x00\x05" +
		"\x00\x00\x00\x20\x00\x00\x00\x20" + "\x00\x00\x00\x01s\x00\x00\x00" + "\x00\x00\x00\x09\x00\x00\x00\x01" + "\x00\x00\x00\x02hi\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x00"
	// The same, as a little-endian kernel has it in memory.
	nativeList = "\x00\x01\x00\x00" + "\x00\x00\x00\x00\x01\x00\x00\x00" +
		"\x20\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x08\x00\x00\x00" + "n\x00\x00\x00\x00\x00\x00\x00" + "\x05\x00\x00\x00\x00\x00\x00\x00" +
		"\x20\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x09\x00\x00\x00" + "s\x00\x00\x00\x00\x00\x00\x00" + "hi\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x00"
)

func TestParseNvlist(t *testing.T) {
	for name, packed := range map[string]string{"xdr": xdrList, "native": nativeList} {
		t.Run(name, func(t *testing.T) {
			list, err := zstream.ParseNvlist([]byte(packed))
			if err != nil || list["n"] != uint64(5) || list["s"] != "hi" {
				t.Errorf("got %v, %v", list, err)
			}
			if _, err := zstream.ParseNvlist([]byte(packed[:len(packed)-6])); err == nil {
				t.Error("took a list that is cut")
			}
		})
	}
}

func FuzzParseNvlist(f *testing.F) {
	f.Add([]byte(xdrList))
	f.Add([]byte(nativeList))
	f.Fuzz(func(_ *testing.T, data []byte) { zstream.ParseNvlist(data) })
}

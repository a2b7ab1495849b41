package zstream

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Token tells a sender where a stream that was cut goes on: the value of
// receive_resume_token.
type Token struct {
	Object, Offset   uint64 // what comes next
	Bytes            uint64 // that were received
	ToGUID, FromGUID uint64
	ToName           string

	LargeBlock, Embedded, Compressed bool // how it was sent
}

const tokenVersion = "1"

var errToken = errors.New("the resume token is corrupt")

// String is the token as zfs(8) prints and takes it.
func (t Token) String() string {
	list := Nvlist{
		"object": t.Object, "offset": t.Offset, "bytes": t.Bytes, "toguid": t.ToGUID, "toname": t.ToName,
	}
	if t.FromGUID != 0 {
		list["fromguid"] = t.FromGUID
	}
	for name, set := range map[string]bool{"largeblockok": t.LargeBlock, "embedok": t.Embedded, "compressok": t.Compressed} {
		if set {
			list[name] = true
		}
	}
	packed, err := list.Pack()
	if err != nil {
		return "-"
	}
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write(packed) // to memory: cannot fail
	z.Close()
	return fmt.Sprintf("%s-%x-%x-%x", tokenVersion, tokenSum(b.Bytes()), len(packed), b.Bytes())
}

// tokenSum is the first word of the checksum over whole words.
func tokenSum(p []byte) uint64 {
	var s sum
	s.add(p[:len(p)&^3])
	return s.a
}

// maxToken bounds what a token unpacks to.
const maxToken = 64 << 10

// ParseToken reads a token.
func ParseToken(text string) (Token, error) {
	parts := strings.Split(strings.TrimSpace(text), "-")
	if len(parts) != 4 || parts[0] != tokenVersion {
		return Token{}, errToken
	}
	want, err1 := strconv.ParseUint(parts[1], 16, 64)
	size, err2 := strconv.ParseUint(parts[2], 16, 32)
	packed, err3 := hex.DecodeString(parts[3])
	if errors.Join(err1, err2, err3) != nil || tokenSum(packed) != want || size > maxToken {
		return Token{}, errToken
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return Token{}, errToken
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxToken))
	if err != nil || uint64(len(plain)) != size {
		return Token{}, errToken
	}
	list, err := ParseNvlist(plain)
	if err != nil {
		return Token{}, fmt.Errorf("%w: %w", errToken, err)
	}
	return tokenOf(list), nil
}

func tokenOf(list Nvlist) Token {
	number := func(name string) uint64 { n, _ := list[name].(uint64); return n }
	set := func(name string) bool { _, there := list[name]; return there }
	t := Token{
		Object: number("object"), Offset: number("offset"), Bytes: number("bytes"),
		ToGUID: number("toguid"), FromGUID: number("fromguid"),
		LargeBlock: set("largeblockok"), Embedded: set("embedok"), Compressed: set("compressok"),
	}
	t.ToName, _ = list["toname"].(string)
	return t
}

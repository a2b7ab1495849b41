package zstream

// unpackLZ4 fills dst from a raw lz4 block: sequences of a token, literals and
// a match, of which the last has literals only.
func unpackLZ4(dst, src []byte) error {
	out := 0
	for len(src) > 0 {
		token := src[0]
		n, rest, ok := lz4Length(int(token>>4), src[1:])
		if !ok || n > len(rest) || n > len(dst)-out {
			return errCorrupt
		}
		out += copy(dst[out:], rest[:n])
		src = rest[n:]
		if len(src) == 0 {
			break
		}
		if len(src) < 2 {
			return errCorrupt
		}
		distance := int(src[0]) | int(src[1])<<8
		n, src, ok = lz4Length(int(token&15), src[2:])
		n += 4
		if !ok || distance == 0 || distance > out || n > len(dst)-out {
			return errCorrupt
		}
		out += copyMatch(dst, out, distance, n)
	}
	if out != len(dst) {
		return errCorrupt
	}
	return nil
}

// lz4Length extends a token's length of 15 by the bytes that follow.
func lz4Length(n int, src []byte) (int, []byte, bool) {
	if n < 15 {
		return n, src, true
	}
	for i, b := range src {
		n += int(b)
		if b != 255 {
			return n, src[i+1:], true
		}
	}
	return 0, nil, false
}

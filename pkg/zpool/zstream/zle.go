package zstream

// unpackZLE fills dst: a byte below 64 announces that many plus one literal
// bytes, any other a run of zeros.
func unpackZLE(dst, src []byte) error {
	for len(dst) > 0 {
		if len(src) == 0 {
			return errCorrupt
		}
		n := int(src[0])
		src = src[1:]
		if n >= 64 {
			run := min(n-63, len(dst))
			clear(dst[:run])
			dst = dst[run:]
			continue
		}
		n = min(n+1, len(dst))
		if n > len(src) {
			return errCorrupt
		}
		copy(dst, src[:n])
		dst, src = dst[n:], src[n:]
	}
	return nil
}

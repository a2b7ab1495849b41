package zstream

// unpackLZJB fills dst. Each control byte announces eight items, lowest bit
// first: a literal byte, or two bytes of a match (6 bits length, 10 distance).
func unpackLZJB(dst, src []byte) error {
	in, control, bit := 0, byte(0), 8
	for out := 0; out < len(dst); bit++ {
		if bit == 8 {
			if in >= len(src) {
				return errCorrupt
			}
			control, bit = src[in], 0
			in++
		}
		if control>>bit&1 == 0 {
			if in >= len(src) {
				return errCorrupt
			}
			dst[out] = src[in]
			in, out = in+1, out+1
			continue
		}
		if in+2 > len(src) {
			return errCorrupt
		}
		length := int(src[in]>>2) + 3
		distance := int(src[in]&3)<<8 | int(src[in+1])
		in += 2
		if distance == 0 || distance > out {
			return errCorrupt
		}
		out += copyMatch(dst, out, distance, length)
	}
	return nil
}

// copyMatch repeats what stands distance bytes before out, which may overlap,
// and stops at the end of dst.
func copyMatch(dst []byte, out, distance, length int) int {
	length = min(length, len(dst)-out)
	if distance >= length {
		return copy(dst[out:out+length], dst[out-distance:])
	}
	for i := range length {
		dst[out+i] = dst[out+i-distance]
	}
	return length
}

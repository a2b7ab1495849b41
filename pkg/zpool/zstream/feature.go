package zstream

import "fmt"

// Feature bits of a stream that change how it is read, or that are refused.
const (
	featRedacted   = 21
	featLargeDnode = 23
	featRaw        = 24
)

// knownFeatures are the bits whose meaning the reader implements.
const knownFeatures = 1<<0 | 1<<1 | 1<<2 | // dedup, dedupprops, sa_spill
	1<<16 | 1<<17 | 1<<19 | 1<<20 | // embed_data, lz4, large_blocks, resuming
	1<<22 | 1<<23 | 1<<25 | // compressed, large_dnode, zstd
	1<<26 | 1<<27 | 1<<28 | 1<<29 // holds, switch_to_large_blocks, longname, large_microzap

// checkFeatures refuses a stream by the first feature that is not readable.
func checkFeatures(features uint64) error {
	switch {
	case features&(1<<featRaw) != 0:
		return fmt.Errorf("the stream is raw (zfs send -w) and holds encrypted blocks: send it without -w")
	case features&(1<<featRedacted) != 0:
		return fmt.Errorf("the stream is redacted (zfs send --redact): send the whole snapshot")
	}
	for bit := range 56 {
		if features&^knownFeatures&(1<<bit) != 0 {
			return fmt.Errorf("the stream needs feature bit %d, which is not known", bit)
		}
	}
	return nil
}

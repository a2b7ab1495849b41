package console

// ringSize bounds what a client can catch up on.
const ringSize = 32 << 10

// ring holds the last bytes printed; positions count from the first byte ever.
type ring struct {
	buf []byte
	end int64
}

func (r *ring) write(p []byte) {
	r.end += int64(len(p))
	if len(p) >= ringSize {
		r.buf = append(r.buf[:0], p[len(p)-ringSize:]...)
		return
	}
	if over := len(r.buf) + len(p) - ringSize; over > 0 {
		r.buf = r.buf[:copy(r.buf, r.buf[over:])]
	}
	r.buf = append(r.buf, p...)
}

// read copies from position at on, and moves it.
func (r *ring) read(buf []byte, at *int64) int {
	start := r.end - int64(len(r.buf))
	*at = max(*at, start)
	n := copy(buf, r.buf[*at-start:])
	*at += int64(n)
	return n
}

package archive

import (
	"io"
	"sync"
)

// ahead reads in a goroutine of its own, so that decompression and the
// writing of files each have a processor.
type ahead struct {
	chunks chan chunk
	free   chan []byte
	stop   chan struct{}
	once   sync.Once
	done   sync.WaitGroup
	now    chunk // being read
	rest   []byte
}

type chunk struct {
	data []byte
	err  error // after data
}

const (
	chunkSize = 256 << 10
	chunks    = 6
)

func startAhead(src io.ReadCloser) *ahead {
	a := &ahead{
		chunks: make(chan chunk, chunks), free: make(chan []byte, chunks), stop: make(chan struct{}),
	}
	for range chunks {
		a.free <- make([]byte, chunkSize)
	}
	a.done.Go(func() {
		defer src.Close()
		a.fill(src)
	})
	return a
}

func (a *ahead) fill(src io.Reader) {
	defer close(a.chunks)
	for err := error(nil); err == nil; {
		var buf []byte
		select {
		case buf = <-a.free:
		case <-a.stop:
			return
		}
		n := 0
		n, err = readFull(src, buf[:chunkSize])
		select {
		case a.chunks <- chunk{buf[:n], err}:
		case <-a.stop:
			return
		}
	}
}

// readFull is io.ReadFull that leaves the source's error as it is: a short
// last chunk is no damage, an unexpected end of compressed data is.
func readFull(src io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = src.Read(buf[n:])
		n += m
	}
	return n, err
}

// Read waits for what was read ahead.
func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		if a.now.data != nil {
			a.free <- a.now.data
		}
		next, ok := <-a.chunks
		if !ok {
			return 0, io.ErrClosedPipe
		}
		a.now, a.rest = next, next.data
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close ends the goroutine and waits for it. It may be called again.
func (a *ahead) Close() error {
	a.once.Do(func() { close(a.stop) })
	a.done.Wait()
	return nil
}

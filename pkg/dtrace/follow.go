package dtrace

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf/ringbuf"

	"github.com/smartbox-os/smartbox/pkg/dtrace/consume"
	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
)

// take prints a record, or keeps it until the end of the run.
func (s *Session) take(b []byte) error {
	if s.kept.policy == Switch {
		return s.printer.Record(b, s)
	}
	if s.kept.add(b) {
		s.full = true
	}
	return nil
}

// over reports whether the program has ended the run, or a buffer is full.
func (s *Session) over() (bool, error) {
	if s.kept.policy == Switch {
		return s.printer.Exited(), nil
	}
	v, err := s.state(nil)
	return s.full || err == nil && binary.NativeEndian.Uint32(v[gen.StateActive:]) == gen.Draining, err
}

// follow takes records until exit or ctx ends.
func (s *Session) follow(ctx context.Context, reader *ringbuf.Reader) error {
	start := time.Now()
	stop := context.AfterFunc(ctx, func() { reader.SetDeadline(time.Now()) })
	defer stop()
	for ctx.Err() == nil {
		over, err := s.over()
		if err != nil {
			return err
		}
		if over {
			return s.status(ctx, start)
		}
		if err := s.round(ctx, reader); err != nil {
			return err
		}
	}
	return nil
}

// round takes one record, or nothing for as long as output may wait. Where the
// program asks for a slow rate, it waits first and then takes what is there.
func (s *Session) round(ctx context.Context, reader *ringbuf.Reader) error {
	if s.opts.Slow {
		if err := pause(ctx, s.opts.SwitchRate); err != nil {
			return nil //nolint:nilerr // the caller sees that the run is over
		}
		return errors.Join(s.drain(reader, s.take), s.idle())
	}
	reader.SetDeadline(time.Now().Add(s.opts.SwitchRate))
	if ctx.Err() != nil {
		return nil
	}
	rec, err := reader.Read()
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return s.idle()
	case err != nil:
		return fmt.Errorf("read the buffer: %w", err)
	}
	if err := s.take(rec.RawSample); err != nil || reader.AvailableBytes() > 0 {
		return err
	}
	return s.printer.Settle(s)
}

// idle is when nothing more is there to be taken.
func (s *Session) idle() error {
	return errors.Join(s.printer.Settle(s), s.printer.Lost(s))
}

// status waits until the time when the program's end is looked for, if one asks
// for a rate of that.
func (s *Session) status(ctx context.Context, start time.Time) error {
	if rate := s.opts.StatusRate; rate > 0 {
		if err := pause(ctx, rate-time.Since(start)%rate); err != nil {
			return nil //nolint:nilerr // ended sooner
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// finish runs END, prints what is left and all aggregations.
func (s *Session) finish(reader *ringbuf.Reader) (int, error) {
	if err := s.setState(gen.Draining); err != nil {
		return 1, err
	}
	rest := s.take
	if s.printer.Exited() { // what other CPUs have left since exit() does not count
		rest = func([]byte) error { return nil }
	}
	if err := s.drain(reader, rest); err != nil {
		return 1, err
	}
	if err := s.runOwn(s.end); err != nil {
		return 1, err
	}
	if err := s.drain(reader, s.take); err != nil {
		return 1, err
	}
	if err := s.kept.each(func(b []byte) error { return s.printer.Record(b, s) }); err != nil {
		return 1, err
	}
	if err := errors.Join(s.printer.Settle(s), s.printer.End(s)); err != nil {
		return 1, err
	}
	v, err := s.state(nil)
	if err != nil {
		return 1, err
	}
	return int(int32(binary.NativeEndian.Uint32(v[gen.StateExit:]))), nil
}

// drain hands over what is in the buffer.
func (s *Session) drain(reader *ringbuf.Reader, take func([]byte) error) error {
	for {
		reader.SetDeadline(time.Unix(0, 1))
		rec, err := reader.Read()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the buffer: %w", err)
		}
		if err := take(rec.RawSample); err != nil {
			return err
		}
	}
}

// snapshot is an aggregation as it was read last.
type snapshot struct {
	at      time.Time
	entries []consume.Entry
}

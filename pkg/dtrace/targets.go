package dtrace

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/target"
)

// resume lets the targets go, unless BEGIN has ended the run. The context that
// it returns ends with the last of them, or with ctx.
func (s *Session) resume(ctx context.Context) (context.Context, context.CancelFunc, error) {
	both, cancel := context.WithCancel(ctx)
	v, err := s.state(nil)
	if err != nil || binary.NativeEndian.Uint32(v[gen.StateActive:]) != gen.Active {
		return both, cancel, err
	}
	for _, p := range s.opts.Targets {
		s.printer.Remember(p.Pid)
		if err := p.Resume(); err != nil {
			return both, cancel, err
		}
	}
	if len(s.opts.Targets) > 0 {
		go func() {
			defer cancel()
			for _, p := range s.opts.Targets {
				select {
				case <-p.Done():
				case <-both.Done():
					return
				}
			}
		}()
	}
	return both, cancel, nil
}

// tellTargets tells which targets have ended.
func (s *Session) tellTargets() error {
	if s.opts.Quiet {
		return nil
	}
	for _, p := range s.opts.Targets {
		if !ended(p) {
			continue
		}
		if _, err := fmt.Fprintln(s.opts.Err, "dtrace: "+p.Ended()); err != nil {
			return err
		}
	}
	return nil
}

func ended(p *target.Process) bool {
	select {
	case <-p.Done():
		return true
	default:
		return false
	}
}

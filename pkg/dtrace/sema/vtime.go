package sema

import (
	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// vtimeSetup keeps, for each thread, how long it ran before it last left a CPU,
// and since when it is on one. The kernel's own sum is brought up to date at
// ticks only. What a thread that ends had is forgotten: it leaves its last CPU
// as a dead one (TASK_DEAD).
const vtimeSetup = `self uint64_t vtime_used;
self uint64_t vtime_since;
rawtp:::sched_switch {
	self->vtime_used = arg3 & 0x80 ? 0 : self->vtime_used + (self->vtime_since ? timestamp - self->vtime_since : 0);
	self->vtime_since = 0;
}
sched:::on-cpu { self->vtime_since = timestamp; }`

// vtimeNow counts a thread that has not been seen to get its CPU from now on.
const vtimeNow = `(uint64_t)(self->vtime_used + timestamp - (self->vtime_since ? self->vtime_since : (self->vtime_since = timestamp)))`

// vtimestamp is the time that the thread was on a CPU, in ns, since the run
// began to know it. Where the scheduler cannot be watched it stays a name that
// no probe has.
func (c *checker) vtimestamp() (ir.Expr, error) {
	if err := c.setup(vtimeSetup); err != nil {
		return &ir.Builtin{Typed: ir.Typed{T: ctype.Builtin("uint64_t")}, Name: "vtimestamp"}, nil //nolint:nilerr // the generator says where it is missing
	}
	return c.fromLibrary(vtimeNow, false)
}

package btrfs

import (
	"context"
	"errors"
	"strconv"

	"github.com/smartbox-os/smartbox/internal/revert"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
	"github.com/smartbox-os/smartbox/pkg/zpool/zstream"
	"github.com/smartbox-os/smartbox/pkg/zpool/ztree"
)

// suspend notes where a stream that was cut has to go on.
func (a *arriving) suspend(sink *ztree.Sink) {
	a.Saved = nil
	object, offset := a.records.At()
	if !a.o.Resumable || object == 0 {
		return
	}
	state, err := sink.Suspend()
	if err != nil {
		a.b.log.Warn("keep what was received", "dataset", a.name, "err", err)
		return
	}
	a.Saved, a.Object, a.Offset = &state, object, offset
	a.Bytes += uint64(a.src.n)
}

// keep makes what came of a cut stream last. A new dataset is there from then
// on, empty, so that it can be seen and asked for its token.
func (a *arriving) keep(p *pool) error {
	if a.old == nil && !a.Holder {
		if err := a.makeHolder(p); err != nil {
			return errors.Join(err, a.drop(p))
		}
	}
	return note(a.mark, &a.arrival)
}

func (a *arriving) makeHolder(p *pool) error {
	undo := revert.New()
	defer p.undo(undo)
	h := a.rec.clone()
	h.Tree = p.store.next()
	if err := p.makeBack(h, undo); err != nil {
		return err
	}
	h.Origin, h.Base = 0, 0
	if err := p.commit(entry{Put: []*record{h}}); err != nil {
		return noSpace(err)
	}
	undo.Success()
	a.Holder = true
	return nil
}

// reopen finds what came of the stream that begin resumes.
func (a *arriving) reopen(ctx context.Context, p *pool) error {
	all, err := p.arrivals()
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Name != a.name || x.Saved == nil {
			continue
		}
		if x.ToGUID != a.begin.ToGUID || x.From != a.begin.FromGUID {
			return errors.New("the stream resumes another snapshot than the one that " + a.name + " has a part of")
		}
		return a.takeUp(ctx, p, &x)
	}
	return errors.New("destination " + a.name + " has no part of a stream that could be resumed")
}

// takeUp goes on with an arrival.
func (a *arriving) takeUp(ctx context.Context, p *pool, x *arrival) error {
	a.old = p.store.byName[a.name]
	if a.old == nil || a.old.ID != x.ID {
		return errors.New("destination " + a.name + " is another dataset by now")
	}
	if x.Base != 0 {
		if a.base = p.store.byID[x.Base]; a.base == nil {
			return errors.New("the snapshot that the stream starts from is gone")
		}
	}
	a.arrival, a.resumed = *x, true
	var err error
	if a.mark, err = p.announce(x); err != nil {
		return err
	}
	a.rec = a.old.clone()
	a.rec.Tree, a.rec.Subvol = x.Tree, x.Subvol
	if a.clone = x.Holder && a.base != nil; a.clone {
		a.rec.Origin = a.base.ID
	}
	if a.rec.Base = 0; a.base != nil {
		a.rec.Base = a.base.Base
	}
	if err := a.openAll(ctx, p); err != nil {
		a.close()
		return err
	}
	return nil
}

// AbortReceive drops what was kept of a stream that was cut (zfs receive -A).
func (b *Backend) AbortReceive(ctx context.Context, name string) error {
	return b.change(ctx, "abort receive of", name, func(p *pool) error {
		if _, err := p.find(name); err != nil {
			return err
		}
		all, err := p.arrivals()
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Name == name && x.Saved != nil {
				return p.abort(&x)
			}
		}
		return dataset.As(dataset.ErrNotFound, "'%s' does not have any resumable receive state to abort", name)
	})
}

func (p *pool) abort(x *arrival) error {
	swept, err := p.forceSweep(strconv.FormatInt(x.Tree, 10))
	if err != nil {
		return err
	}
	if !swept {
		return dataset.Cannot("abort receive of", x.Name, dataset.ErrBusy)
	}
	return nil
}

// token is the receive_resume_token of a dataset, "-" when it has none.
func (p *pool) token(r *record) (string, error) {
	all, err := p.arrivals()
	if err != nil {
		return "", err
	}
	for _, x := range all {
		if x.Name != r.Name || x.Saved == nil {
			continue
		}
		t := zstream.Token{
			Object: x.Object, Offset: x.Offset, Bytes: x.Bytes, ToGUID: x.ToGUID, FromGUID: x.From, ToName: x.ToName,
			LargeBlock: x.Feature&(1<<19) != 0, Embedded: x.Feature&(1<<16) != 0, Compressed: x.Feature&(1<<22) != 0,
		}
		return t.String(), nil
	}
	return "-", nil
}

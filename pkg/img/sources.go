package img

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Sources are the places that images come from, in the order in which they are
// asked.
func (h *Host) Sources() ([]Source, error) {
	c, err := h.readConfig()
	if err != nil {
		return nil, err
	}
	return c.Sources, nil
}

// AddSource adds a source, unless its URL is there already: then added is
// false. The source must answer, except with force.
func (h *Host) AddSource(ctx context.Context, s Source, force bool) (added bool, err error) {
	if err := s.normalize(); err != nil {
		return false, fail(CodeUsage, "%w", err)
	}
	have, err := h.Sources()
	if err != nil || indexURL(have, s.URL) >= 0 {
		return false, err
	}
	if !force {
		if err := h.PingSource(ctx, s); err != nil {
			return false, err
		}
	}
	err = h.editConfig(ctx, func(c *config) (bool, error) {
		if indexURL(c.Sources, s.URL) >= 0 {
			return false, nil
		}
		added = true
		c.Sources = append(c.Sources, s)
		return true, nil
	})
	return added, err
}

// DeleteSource removes a source; deleted is false when it is not there.
func (h *Host) DeleteSource(ctx context.Context, url string) (deleted bool, err error) {
	s := Source{URL: url}
	_ = s.normalize() // any text may be asked for; it is not there then
	err = h.editConfig(ctx, func(c *config) (bool, error) {
		i := indexURL(c.Sources, s.URL)
		if i < 0 {
			return false, nil
		}
		deleted = true
		c.Sources = slices.Delete(slices.Clone(c.Sources), i, i+1)
		return true, nil
	})
	return deleted, err
}

// SetSources replaces the whole list.
func (h *Host) SetSources(ctx context.Context, sources []Source) error {
	for i := range sources {
		if err := sources[i].normalize(); err != nil {
			return fail(CodeUsage, "%w", err)
		}
		if indexURL(sources[:i], sources[i].URL) >= 0 {
			return fail(CodeUsage, "source %q is there twice", sources[i].URL)
		}
	}
	return h.editConfig(ctx, func(c *config) (bool, error) {
		c.Sources = sources
		return true, nil
	})
}

// PingSource asks whether a source answers.
func (h *Host) PingSource(ctx context.Context, s Source) error {
	cat, err := h.open(s)
	if err != nil {
		return fail(CodeUsage, "%w", err)
	}
	if err := cat.Ping(ctx); err != nil {
		return failHint(CodeSourcePing, "sources -a URL -f adds a source that does not answer yet", "%w", named(s, err))
	}
	return nil
}

func indexURL(sources []Source, url string) int {
	return slices.IndexFunc(sources, func(s Source) bool { return s.URL == url })
}

// choose is the sources that a command uses: those it names, else the
// configured ones; channel replaces theirs.
func (h *Host) choose(urls []string, channel string) ([]Source, error) {
	all, err := h.Sources()
	if err != nil {
		return nil, err
	}
	chosen := slices.Clone(all)
	if len(urls) > 0 {
		chosen = nil
	}
	for _, url := range urls {
		s, err := NewSource(url, "")
		if err != nil {
			return nil, fail(CodeUsage, "%w", err)
		}
		if i := indexURL(all, s.URL); i >= 0 {
			s = all[i] // with its certificate and channel settings
		}
		chosen = append(chosen, s)
	}
	if len(chosen) == 0 {
		return nil, failHint(CodeNoSources, "imgadm sources -a URL adds one", "no image sources are configured")
	}
	if channel != "" {
		for i := range chosen {
			chosen[i].Channel = channel
		}
	}
	return chosen, nil
}

// joinSources makes one error of those of several sources.
func joinSources(errs []error) error {
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return fail(CodeSource, "%w", errs[0])
	}
	return fail(CodeMulti, "%w", fmt.Errorf("%d sources failed: %w", len(errs), errors.Join(errs...)))
}

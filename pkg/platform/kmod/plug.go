package kmod

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Plug loads the modules of devices: those that the kernel has found and those
// of which it tells.
type Plug struct {
	loader *Loader
	events int // socket
	later  func(alias string) bool

	seen    map[string]bool
	put     []string // off until later
	running int
	ended   chan error
	errs    []error
}

// maxAtOnce bounds the modules that are being loaded at a time.
const maxAtOnce = 4

// Plug begins; aliases of which later says so wait for Late. A nil later puts
// nothing off.
func (l *Loader) Plug(later func(alias string) bool) (*Plug, error) {
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, fmt.Errorf("device events: %w", err)
	}
	if err := unix.Bind(s, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}); err != nil {
		return nil, errors.Join(fmt.Errorf("device events: %w", err), unix.Close(s))
	}
	// Loading a bus may bring out hundreds at once.
	unix.SetsockoptInt(s, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4<<20) //nolint:errcheck // what is lost is looked for
	if later == nil {
		later = func(string) bool { return false }
	}
	return &Plug{loader: l, events: s, later: later, seen: map[string]bool{}, ended: make(chan error)}, nil
}

// Close ends listening.
func (p *Plug) Close() error { return unix.Close(p.events) }

// Coldplug loads the modules of all devices that are there.
func (l *Loader) Coldplug() error {
	p, err := l.Plug(nil)
	if err != nil {
		return err
	}
	return errors.Join(p.Settle(), p.Close())
}

// Settle looks at all devices and returns when their modules are loaded, also
// those of devices that came out meanwhile. Errors of single modules do not
// stop the others.
func (p *Plug) Settle() error {
	todo, err := modaliases("/sys")
	if err != nil {
		return err
	}
	for {
		news, err := p.drain()
		if err != nil {
			return err
		}
		todo = append(todo, p.unseen(news)...)
		for len(todo) > 0 && p.running < maxAtOnce {
			p.start(todo[0])
			todo = todo[1:]
		}
		if p.running == 0 {
			return errors.Join(p.errs...)
		}
		if err := <-p.ended; err != nil {
			p.errs = append(p.errs, err)
		}
		p.running--
	}
}

// Late loads what was put off.
func (p *Plug) Late() error {
	var errs []error
	for _, alias := range p.put {
		errs = append(errs, p.load(alias))
	}
	p.put = nil
	return errors.Join(errs...)
}

// Watch loads the modules of devices that come, until ctx ends.
func (p *Plug) Watch(ctx context.Context, failed func(error)) {
	for ctx.Err() == nil {
		ready := []unix.PollFd{{Fd: int32(p.events), Events: unix.POLLIN}}
		if n, err := unix.Poll(ready, int(time.Second/time.Millisecond)); n <= 0 || err != nil {
			continue
		}
		news, err := p.drain()
		if err != nil {
			failed(err)
			return
		}
		for _, alias := range news {
			if err := p.load(alias); err != nil {
				failed(err)
			}
		}
	}
}

func (p *Plug) unseen(aliases []string) []string {
	var news []string
	for _, a := range aliases {
		if !p.seen[a] {
			news = append(news, a)
		}
	}
	return news
}

// start loads the modules of one alias beside others.
func (p *Plug) start(alias string) {
	if p.seen[alias] {
		return
	}
	p.seen[alias] = true
	if p.later(alias) {
		p.put = append(p.put, alias)
		return
	}
	if !p.news(alias) {
		return
	}
	p.running++
	go func() { p.ended <- p.load(alias) }()
}

// news reports whether an alias stands for a module that nobody asked for yet.
func (p *Plug) news(alias string) bool {
	for _, m := range p.loader.index.Match(alias) {
		if !p.loader.begun(m) {
			return true
		}
	}
	return false
}

// load loads every module of an alias: which of them the device takes is theirs
// to say.
func (p *Plug) load(alias string) error {
	var errs []error
	for _, m := range p.loader.index.Match(alias) {
		err := p.loader.Load(m.Name)
		// So they say that a device is not theirs, or a processor's feature off.
		if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EOPNOTSUPP) {
			continue
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// drain is the aliases of devices that came since it was last asked. After a
// flood that was too much for the kernel it looks at all devices again.
func (p *Plug) drain() ([]string, error) {
	var found []string
	buf := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(p.events, buf, unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return found, nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ENOBUFS):
			all, err := modaliases("/sys")
			if err != nil {
				return nil, err
			}
			found = append(found, all...)
		case err != nil:
			return nil, fmt.Errorf("device events: %w", err)
		default:
			if alias := added(buf[:n]); alias != "" {
				found = append(found, alias)
			}
		}
	}
}

// added is the alias in a message of the kernel's that a device came.
func added(message []byte) string {
	if !bytes.HasPrefix(message, []byte("add@")) {
		return ""
	}
	for word := range bytes.SplitSeq(message, []byte{0}) {
		if alias, ok := bytes.CutPrefix(word, []byte("MODALIAS=")); ok {
			return string(alias)
		}
	}
	return ""
}

// modaliases is what all devices say they are, each once.
func modaliases(sys string) ([]string, error) {
	var all []string
	seen := map[string]bool{}
	for _, pattern := range []string{"bus/*/devices/*/modalias", "devices/system/cpu/modalias", "class/dmi/id/modalias"} {
		files, err := filepath.Glob(filepath.Join(sys, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			alias := strings.TrimSpace(string(text))
			if err != nil || alias == "" || seen[alias] { // unplugged meanwhile
				continue
			}
			seen[alias] = true
			all = append(all, alias)
		}
	}
	return all, nil
}

package consume

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
)

// system runs a command with the shell; what it prints comes after what has
// been printed so far.
func (p *Printer) system(command string) error {
	if err := p.out.Flush(); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Stdout, cmd.Stderr = p.first, p.err
	err := cmd.Run()
	if _, failed := errors.AsType[*exec.ExitError](err); failed {
		return nil // as the shell would, the program goes on
	}
	return err
}

// freopen makes output go to another file, or with no name to where it went at
// first.
func (p *Printer) freopen(path string) error {
	if err := p.out.Flush(); err != nil {
		return err
	}
	if path == "" {
		return p.redirect(p.first, nil)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		_, err = fmt.Fprintf(p.err, "dtrace: failed to open '%s': %v\n", path, errors.Unwrap(err))
		return err
	}
	return p.redirect(f, f)
}

// redirect makes output go to w; file is what is to be closed with the next.
func (p *Printer) redirect(w io.Writer, file *os.File) error {
	old := p.file
	p.dest, p.file = w, file
	p.out = bufio.NewWriter(w)
	if old != nil {
		return old.Close()
	}
	return nil
}

// ftruncate empties the output, if it is a file.
func (p *Printer) ftruncate() error {
	f, ok := p.dest.(*os.File)
	if !ok {
		return nil
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil
	}
	if err := p.out.Flush(); err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

// setopt changes an option of the run.
func (p *Printer) setopt(a *gen.ActionLayout, data func(int) []byte) error {
	name, value := cstring(data(0)), ""
	if len(a.Fields) > 1 {
		value = cstring(data(1))
	}
	o, err := p.opts.Set(name, value)
	if err != nil {
		_, err = fmt.Fprintf(p.err, "dtrace: couldn't set option \"%s\" to \"%s\": %v\n", name, value, err)
		return err
	}
	set := p.opts.Set
	p.opts = o
	p.opts.Set = set
	return nil
}

// formatted is the text of printf and its kin.
func (p *Printer) formatted(a *gen.ActionLayout, data func(int) []byte) (string, error) {
	out := p.out
	var b strings.Builder
	p.out = bufio.NewWriter(&b)
	defer func() { p.out = out }()
	if err := p.printf(a, data); err != nil {
		return "", err
	}
	err := p.out.Flush()
	return b.String(), err
}

package syslog

import (
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Kernel takes the kernel's messages from a device like /dev/kmsg, those from
// now on, until Close.
func (l *Log) Kernel(device string) error {
	// Without waiting, so that closing it ends a read.
	f, err := os.OpenFile(device, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return errors.Join(err, f.Close())
	}
	l.mu.Lock()
	l.kernel = f
	l.mu.Unlock()
	go func() {
		buf := make([]byte, maxMessage)
		for {
			n, err := f.Read(buf)
			switch {
			case errors.Is(err, unix.EPIPE): // it came too fast, and some is gone
				continue
			case err != nil:
				return
			}
			l.Add(kernelText(string(buf[:n])))
		}
	}()
	return nil
}

// kernelText is a record's text: PRIORITY,NUMBER,TIME,FLAGS;TEXT and lines with
// more about it. What programs write to the device is none of the kernel's.
func kernelText(record string) string {
	head, text, ok := strings.Cut(record, ";")
	if !ok {
		return ""
	}
	text, _, _ = strings.Cut(text, "\n")
	priority, _, _ := strings.Cut(head, ",")
	if len(priority) > 1 { // a facility beside the kernel's
		return Text(text)
	}
	return "kernel: " + Text(text)
}

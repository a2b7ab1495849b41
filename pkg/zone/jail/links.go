package jail

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// links are the descriptors between builder and child: a socket for taking
// turns and a pipe for the report, whose end (by exec) says that all is well.
type links struct {
	parentSync, childSync     int
	parentReport, childReport int
	tasks                     []int // files that the child joins its cgroups by
	childClosed               bool
}

func newLinks() (*links, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socketpair: %w", err)
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		unix.Close(pair[0])
		unix.Close(pair[1])
		return nil, fmt.Errorf("pipe: %w", err)
	}
	return &links{parentSync: pair[0], childSync: pair[1], parentReport: pipe[0], childReport: pipe[1]}, nil
}

func (l *links) closeChild() {
	if l.childClosed {
		return
	}
	l.childClosed = true
	unix.Close(l.childSync)
	unix.Close(l.childReport)
	for _, fd := range l.tasks {
		unix.Close(fd)
	}
}

func (l *links) closeParent() {
	unix.Close(l.parentSync)
	unix.Close(l.parentReport)
}

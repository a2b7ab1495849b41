package dtrace

import "golang.org/x/sys/unix"

// ids are the process group and session of this process.
func ids() (pgid, sid int, err error) {
	if pgid, err = unix.Getpgid(0); err != nil {
		return 0, 0, err
	}
	sid, err = unix.Getsid(0)
	return pgid, sid, err
}

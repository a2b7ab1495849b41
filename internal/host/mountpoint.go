package host

import (
	"os"

	"golang.org/x/sys/unix"
)

// Filesystem is what a zone may want to know of the file system a path is on.
type Filesystem struct {
	NFS    bool
	Tmpfs  bool
	NoSuid bool
}

// FilesystemAt looks at the file system of an existing path.
func FilesystemAt(path string) (Filesystem, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return Filesystem{}, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	return Filesystem{
		NFS:    st.Type == unix.NFS_SUPER_MAGIC,
		Tmpfs:  st.Type == unix.TMPFS_MAGIC,
		NoSuid: st.Flags&unix.ST_NOSUID != 0,
	}, nil
}

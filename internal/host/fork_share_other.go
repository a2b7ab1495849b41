//go:build !amd64

package host

const shareVM = false

func cloneOnStack(*cloneArgs, uintptr, *child) uintptr { return 0 }

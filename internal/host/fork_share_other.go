//go:build !amd64

package host

const shareVM = false

func cloneParent(*cloneArgs, uintptr, *child) uintptr { return 0 }

func cloneOnStack(*cloneArgs, uintptr, *child) uintptr { return 0 }

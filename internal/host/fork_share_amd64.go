package host

// shareVM says that a child can begin on a stack of its own.
const shareVM = true

//go:noescape
func cloneParent(args *cloneArgs, size uintptr, c *child) (r uintptr)

//go:noescape
func cloneOnStack(args *cloneArgs, size uintptr, c *child) (r uintptr)

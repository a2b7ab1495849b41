package vmadm

import "fmt"

// worded is an error in the words of SmartOS's own vmadm, which scripts look
// for: they may begin with a capital and end with a stop.
func worded(format string, args ...any) error { return fmt.Errorf(format, args...) }

package zonecfg

import "fmt"

// message is an error in the words that users of zonecfg know: a sentence.
type message string

func (m message) Error() string { return string(m) }

func sayf(format string, args ...any) error { return message(fmt.Sprintf(format, args...)) }

package cli

import (
	"bufio"
	"fmt"
	"io"
)

// AskYesNo asks a question on the terminal until it is answered; no answer, or
// the end of the input, is no.
func (e *Env) AskYesNo(question string) (bool, error) {
	in := bufio.NewReader(e.Stdin)
	for {
		if _, err := fmt.Fprintf(e.Stdout, "%s (y/[n])? ", question); err != nil {
			return false, err
		}
		line, err := in.ReadString('\n')
		switch {
		case line == "" && err == io.EOF:
			return false, nil
		case line == "" && err != nil:
			return false, err
		case line[0] == 'y' || line[0] == 'Y':
			return true, nil
		case line[0] == 'n' || line[0] == 'N' || line[0] == '\n':
			return false, nil
		}
	}
}

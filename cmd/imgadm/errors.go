package imgadm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/img"
)

// exitNotInstalled is what scripts test to see whether an image is there.
const exitNotInstalled = 3

func (t *tool) flagError(cmd *cobra.Command, err error) error {
	return t.word(cmd, &img.Error{Code: img.CodeUnknownOption, Err: cli.Usagef("%w", err)})
}

// word gives an error the one form that imgadm's errors have, and its exit
// code.
func (t *tool) word(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*cli.ExitError](err); ok && e.Err == nil {
		return err // all is said
	}
	code, exit := classify(err)
	name := "imgadm"
	if cmd.HasParent() {
		name += " " + cmd.CalledAs()
	}
	message := strings.ReplaceAll(err.Error(), "\n", "; ")
	if errors.Is(err, context.Canceled) {
		code, message = img.CodeInterrupted, "interrupted"
	}
	if t.jsonErrors {
		return t.jsonError(code, exit, message)
	}
	worded := fmt.Errorf("%s: error (%s): %s", name, code, message)
	if e, ok := errors.AsType[*img.Error](err); ok && e.Hint != "" {
		worded = cli.WithHint(worded, e.Hint)
	}
	return &cli.ExitError{Code: exit, Err: worded}
}

func classify(err error) (code img.Code, exit int) {
	code, exit = img.CodeOf(err), cli.Code(err)
	switch {
	case code == img.CodeNotInstalled, code == img.CodeOriginMissing:
		exit = exitNotInstalled
	case code == img.CodeInternal && exit == cli.ExitUsage:
		code = img.CodeUsage
	case code == img.CodeUsage:
		exit = cli.ExitUsage
	}
	return code, exit
}

// jsonError is -E: a record in the shape of the logs that callers parse.
func (t *tool) jsonError(code img.Code, exit int, message string) error {
	line, err := json.Marshal(map[string]any{
		"name": "imgadm", "level": 50, "v": 0, "msg": message, "exitStatus": exit,
		"time": t.env.Now().UTC().Format(time.RFC3339Nano),
		"err":  map[string]string{"message": message, "name": string(code) + "Error", "code": string(code)},
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(t.env.Stderr, "%s\n", line)
	return cli.Exit(exit)
}

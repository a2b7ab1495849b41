package initrole

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/pkg/platform/live"
	"github.com/smartbox-os/smartbox/pkg/platform/pid1"
)

// stopPatience bounds how long zones and pools have to end.
const stopPatience = 2 * time.Minute

// system is the life of the in-memory system between kernel and reboot.
func system(env *cli.Env) int {
	signals := make(chan os.Signal, 4)
	// As busybox's reboot, halt and poweroff ask, which its shell has built in;
	// Ctrl-Alt-Del is SIGINT.
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGPWR)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := live.New(env.Root, env.Log, env.Stderr)
	up, enter := make(chan struct{}), make(chan struct{}, 1)
	go func() {
		defer close(up)
		start(ctx, env, s, enter)
	}()
	code := pid1.CodePowerOff
	select {
	case sig := <-signals:
		if sig == unix.SIGINT || sig == unix.SIGTERM {
			code = pid1.CodeReboot
		}
	case <-enter:
		code = pid1.CodeKexec
	}
	cancel()
	<-up
	ctx, cancel = context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	tell(env, "going down", s.Stop(ctx))
	return code
}

// tell words an error on the console; the system goes on as far as it can.
func tell(env *cli.Env, what string, err error) {
	if err != nil {
		fmt.Fprintf(env.Stderr, "\r\nsmartbox: %s: %v\r\n", what, err)
	}
}

// start brings the system up and offers logins until ctx ends; or, when the pool
// has another image that is active, says that it is ready to be entered.
func start(ctx context.Context, env *cli.Env, s *live.System, enter chan<- struct{}) {
	tell(env, "logs", s.Listen())
	tell(env, "devices", s.Devices())
	err := s.Import(ctx)
	if errors.Is(err, live.ErrNoPool) {
		err = firstBoot(ctx, s)
	} else if err == nil {
		loaded, enterErr := s.Enter()
		tell(env, "platform", enterErr)
		if loaded {
			enter <- struct{}{}
			return
		}
	}
	var rest sync.WaitGroup
	defer rest.Wait()
	if err == nil {
		c, err := s.Configure()
		tell(env, "configuration", err)
		rest.Go(func() { bringUp(ctx, env, s, c) })
	} else if ctx.Err() == nil {
		tell(env, "pool", err)
		fmt.Fprint(env.Stderr, "smartbox: the system is up without a pool, to be looked after: log in as root\r\n")
		tell(env, "accounts", s.Accounts())
	}
	rest.Go(func() { s.Late(ctx) })
	fmt.Fprint(env.Stderr, s.Banner())
	s.Login(ctx)
}

// bringUp is what the login on the console does not wait for.
func bringUp(ctx context.Context, env *cli.Env, s *live.System, c *live.Config) {
	if c != nil {
		tell(env, "network", s.Network(ctx, c))
	}
	tell(env, "platform", s.CameUp())
	tell(env, "logs", s.KeepLogs())
	tell(env, "zones", s.BootZones(ctx))
}

// firstBoot sets the machine up from the image's answers or by asking.
func firstBoot(ctx context.Context, s *live.System) error {
	a, err := live.ReadAnswers(live.AnswersFile)
	switch {
	case err == nil:
		return s.Setup(ctx, a)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "setup")
	cmd.Args[0] = "smartbox"
	tty, err := os.OpenFile("/dev/console", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer tty.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w, and it was not made: %w", live.ErrNoPool, err)
	}
	return s.Reopen(ctx)
}

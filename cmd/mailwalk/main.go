// Command mailwalk shows a class how a mail gets from a sender to an inbox: it
// runs a walk, which is a network with its servers and people, and prints or
// keeps each step.
//
// It exits with 0 when all that the walk expects has happened, 1 when not or
// when something failed under way, 2 when it was called wrongly or given a file
// that cannot be used, and 130 when it was interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"charm.land/fang/v2"
)

const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 128 + int(syscall.SIGINT)
)

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

func execute(args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := fang.Execute(context.Background(), root,
		fang.WithVersion(buildVersion()),
		fang.WithNotifySignal(os.Interrupt, syscall.SIGTERM),
		fang.WithErrorHandler(func(io.Writer, fang.Styles, error) {}), // told below
	)
	return report(stderr, err)
}

// failure is an error of the run itself and not of how it was called.
type failure struct{ err error }

func (f failure) Error() string { return f.err.Error() }
func (f failure) Unwrap() error { return f.err }

// report tells an error, if it is one that a person should hear of, and returns
// the exit code.
func report(stderr io.Writer, err error) int {
	var failed failure
	switch {
	case err == nil, isBrokenPipe(err):
		// Who reads the output has seen enough: `mailwalk run first-letter | head`.
		return 0
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "mailwalk: interrupted")
		return exitInterrupted
	case errors.As(err, &failed):
		fmt.Fprintf(stderr, "mailwalk: %v\n", err)
		return exitFailed
	}
	fmt.Fprintf(stderr, "mailwalk: %v\n", err)
	return exitUsage
}

func isBrokenPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}
